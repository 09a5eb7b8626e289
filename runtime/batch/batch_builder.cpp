#include <cstring>
#include <leat/batch_builder.hpp>

#include "batch/draft.hpp"
#include "batch/layout.hpp"

namespace leat {
namespace {

// From here on, not to copy the text pays for an allocation of its own.
constexpr std::size_t kGiveAwayBytes = 4096;

void grow_bits(std::vector<std::uint8_t>& bits, std::uint32_t rows) {
  if (bits.size() < bitmap_bytes(rows)) bits.resize(bitmap_bytes(rows), 0);
}

}  // namespace

void detail::GrowingBytes::grow(std::size_t least) {
  capacity_ = std::max({least, capacity_ * 2, least_});
  Memory memory = Memory::allocate(capacity_);
  if (size_ != 0) std::memcpy(memory.data(), bytes_, size_);
  memory_ = std::move(memory);
  bytes_ = memory_.data();
}

Memory detail::GrowingBytes::release(std::size_t next) {
  size_ = capacity_ = 0;
  bytes_ = nullptr;
  least_ = next;
  return std::move(memory_);
}

void ColumnBuilder::mark_present() {
  grow_bits(validity_, rows_ + 1);
  set_bit(validity_.data(), rows_, true);
}

void ColumnBuilder::append(bool value) {
  LEAT_ASSERT(type_ == Type::boolean);
  if (values_.size() < bitmap_bytes(rows_ + 1)) values_.append("", 1);
  set_bit(reinterpret_cast<std::uint8_t*>(values_.data()), rows_, value);
  append_present();
}

void ColumnBuilder::append(std::span<const float> value) {
  LEAT_ASSERT(type_ == Type::float32_list);
  values_.append(value.data(), value.size_bytes());
  append_offset(values_.size() / sizeof(float));
  append_present();
}

void ColumnBuilder::append_null() {
  if (nulls_ == 0) {  // everything so far was present
    validity_.assign(bitmap_bytes(rows_ + 1), 0xff);
  }
  grow_bits(validity_, rows_ + 1);
  set_bit(validity_.data(), rows_, false);
  if (has_offsets(type_)) {
    append_offset(values_.size() / value_width(type_));
  } else if (type_ == Type::boolean) {
    if (values_.size() < bitmap_bytes(rows_ + 1)) values_.append("", 1);
    set_bit(reinterpret_cast<std::uint8_t*>(values_.data()), rows_, false);
  } else {
    constexpr std::int64_t kZero = 0;
    values_.append(&kZero, value_width(type_));
  }
  ++nulls_;
  ++rows_;
}

void ColumnBuilder::append_from(const Column& column, std::uint32_t row) {
  if (column.is_null(row)) return append_null();
  switch (type_) {
    case Type::boolean:
      return append(column.boolean(row));
    case Type::int64:
    case Type::timestamp:
      return append(column.int64(row));
    case Type::float64:
      return append(column.float64(row));
    case Type::float32_list:
      return append(column.floats(row));
    case Type::string:
    case Type::bytes:
    case Type::any:
      return append(column.text(row));
  }
}

void ColumnBuilder::truncate(std::uint32_t rows) {
  if (rows >= rows_) return;
  if (nulls_ != 0) nulls_ -= (rows_ - rows) - count_bits(validity_.data(), rows, rows_ - rows);
  if (has_offsets(type_)) {
    std::int32_t end = 0;
    std::memcpy(&end, offsets_.data() + rows * sizeof end, sizeof end);
    values_.resize(static_cast<std::size_t>(end) * value_width(type_));
    offsets_.resize(rows == 0 ? 0 : (rows + 1) * sizeof end);
  } else {
    values_.resize(type_ == Type::boolean ? bitmap_bytes(rows) : rows * value_width(type_));
  }
  rows_ = rows;
}

std::size_t ColumnBuilder::byte_size() const {
  return values_.size() + offsets_.size() + (nulls_ != 0 ? bitmap_bytes(rows_) : 0);
}

void ColumnBuilder::clear() {
  rows_ = nulls_ = 0;
  validity_.clear();
  values_.clear();
  offsets_.clear();
}

BatchBuilder::BatchBuilder(SchemaPtr schema) : schema_(std::move(schema)) {
  columns_.reserve(schema_->size());
  for (const Field& field : schema_->fields()) columns_.emplace_back(field.type);
}

std::size_t BatchBuilder::byte_size() const {
  std::size_t bytes = 0;
  for (const ColumnBuilder& column : columns_) bytes += column.byte_size();
  return bytes;
}

void BatchBuilder::add_row_from(const Batch& batch, std::uint32_t row) {
  for (std::size_t at = 0; at < columns_.size(); ++at) columns_[at].append_from(batch.column(at), row);
}

void BatchBuilder::truncate(std::uint32_t rows) {
  for (ColumnBuilder& column : columns_) column.truncate(rows);
}

Batch BatchBuilder::finish() {
  const std::uint32_t rows = row_count();
  std::size_t bytes = 0;
  for (const ColumnBuilder& column : columns_) bytes = column.laid_out_end(bytes);
  BatchDraft draft(schema_, rows, bytes);
  std::size_t begin = 0;
  for (ColumnBuilder& column : columns_) {
    column.lay_out(draft.buffers(), begin, draft.add());
    column.clear();
  }
  return draft.finish(kTimeMin);
}

std::size_t ColumnBuilder::own_size() const {
  return aligned(values_.size()) + aligned(offsets_.size()) + (nulls_ != 0 ? bitmap_bytes(rows_) : 0);
}

// Memory that is mostly empty would be held by a batch that does not count it.
bool ColumnBuilder::gives_away() const {
  if (!has_offsets(type_) || values_.size() < kGiveAwayBytes) return false;
  const std::size_t bytes = own_size();
  return bytes <= values_.capacity() && values_.capacity() <= 2 * bytes;
}

void ColumnBuilder::give_away(Column::Parts& parts) {
  const std::size_t bytes = own_size();
  std::byte* at = values_.data();
  parts.values = at;
  at += aligned(values_.size());
  std::memcpy(at, offsets_.data(), offsets_.size());
  parts.offsets = reinterpret_cast<const std::int32_t*>(at);
  at += aligned(offsets_.size());
  if (nulls_ != 0) {
    std::memcpy(at, validity_.data(), bitmap_bytes(rows_));
    parts.validity = reinterpret_cast<const std::uint8_t*>(at);
  }
  parts.owner = values_.release(bytes + bytes / 4);
}

std::size_t ColumnBuilder::laid_out_end(std::size_t begin) const {
  if (gives_away()) return begin;
  return memory_layout(begin, type_, rows_, nulls_ != 0, values_.size()).end;
}

void ColumnBuilder::lay_out(std::byte* body, std::size_t& begin, Column::Parts& parts) {
  parts.rows = rows_;
  parts.nulls = nulls_;
  if (gives_away()) return give_away(parts);
  const ColumnLayout layout = memory_layout(begin, type_, rows_, nulls_ != 0, values_.size());
  begin = layout.end;
  if (nulls_ != 0) {
    std::memcpy(body + layout.validity, validity_.data(), bitmap_bytes(rows_));
    parts.validity = reinterpret_cast<const std::uint8_t*>(body + layout.validity);
  }
  if (has_offsets(type_)) {
    auto* to = reinterpret_cast<std::int32_t*>(body + layout.offsets);
    if (offsets_.empty())
      to[0] = 0;
    else
      std::memcpy(to, offsets_.data(), offsets_.size());
    parts.offsets = to;
  }
  if (!values_.empty()) std::memcpy(body + layout.values, values_.data(), values_.size());
  parts.values = body + layout.values;
}

}  // namespace leat
