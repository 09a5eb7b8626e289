#include <cstring>
#include <leat/batch_builder.hpp>

#include "batch/layout.hpp"

namespace leat {
namespace {

void grow_bits(std::vector<std::uint8_t>& bits, std::uint32_t rows) {
  if (bits.size() < bitmap_bytes(rows)) bits.resize(bitmap_bytes(rows), 0);
}

}  // namespace

void detail::GrowingBytes::grow(std::size_t least) {
  capacity_ = std::max({least, capacity_ * 2, std::size_t{256}});
  auto bytes = std::make_unique_for_overwrite<std::byte[]>(capacity_);
  if (size_ != 0) std::memcpy(bytes.get(), bytes_.get(), size_);
  bytes_ = std::move(bytes);
}

// Both are part of every append: worth their place in each.
inline void ColumnBuilder::append_offset() {
  if (offsets_.empty()) [[unlikely]]
    offsets_.push_back(0);
  LEAT_ASSERT(values_.size() <= INT32_MAX);
  offsets_.push_back(static_cast<std::int32_t>(values_.size() / value_width(type_)));
}

inline void ColumnBuilder::append_present() {
  if (nulls_ != 0) [[unlikely]] {
    grow_bits(validity_, rows_ + 1);
    set_bit(validity_.data(), rows_, true);
  }
  ++rows_;
}

void ColumnBuilder::append(bool value) {
  LEAT_ASSERT(type_ == Type::boolean);
  if (values_.size() < bitmap_bytes(rows_ + 1)) values_.append("", 1);
  set_bit(reinterpret_cast<std::uint8_t*>(values_.data()), rows_, value);
  append_present();
}

void ColumnBuilder::append(std::int64_t value) {
  LEAT_ASSERT(type_ == Type::int64 || type_ == Type::timestamp);
  values_.append(&value, sizeof value);
  append_present();
}

void ColumnBuilder::append(double value) {
  LEAT_ASSERT(type_ == Type::float64);
  values_.append(&value, sizeof value);
  append_present();
}

void ColumnBuilder::append(std::string_view value) {
  LEAT_ASSERT(type_ == Type::string || type_ == Type::bytes || type_ == Type::any);
  values_.append(value.data(), value.size());
  append_offset();
  append_present();
}

void ColumnBuilder::append(std::span<const float> value) {
  LEAT_ASSERT(type_ == Type::float32_list);
  values_.append(value.data(), value.size_bytes());
  append_offset();
  append_present();
}

void ColumnBuilder::append_null() {
  if (nulls_ == 0) {  // everything so far was present
    validity_.assign(bitmap_bytes(rows_ + 1), 0xff);
  }
  grow_bits(validity_, rows_ + 1);
  set_bit(validity_.data(), rows_, false);
  if (has_offsets(type_)) {
    append_offset();
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
    values_.resize(static_cast<std::size_t>(offsets_[rows]) * value_width(type_));
    offsets_.resize(rows == 0 ? 0 : rows + 1);
  } else {
    values_.resize(type_ == Type::boolean ? bitmap_bytes(rows) : rows * value_width(type_));
  }
  rows_ = rows;
}

std::size_t ColumnBuilder::byte_size() const {
  return values_.size() + offsets_.size() * sizeof(std::int32_t) + (nulls_ != 0 ? bitmap_bytes(rows_) : 0);
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
  for (const ColumnBuilder& column : columns_) {
    LEAT_ASSERT(column.rows_ == rows);
    bytes = column_layout(bytes, column.type_, rows, column.nulls_ != 0, column.values_.size()).end;
  }
  const std::shared_ptr<std::byte> body = allocate_body(bytes);
  std::vector<Column> columns;
  columns.reserve(columns_.size());
  std::size_t begin = 0;
  for (ColumnBuilder& column : columns_) {
    const ColumnLayout layout =
        column_layout(begin, column.type_, rows, column.nulls_ != 0, column.values_.size());
    columns.push_back(column.lay_out(body, layout.validity, layout.offsets, layout.values));
    begin = layout.end;
    column.clear();
  }
  return Batch(schema_, std::move(columns), rows);
}

Column ColumnBuilder::lay_out(const std::shared_ptr<std::byte>& body, std::size_t validity,
                              std::size_t offsets, std::size_t values) const {
  Column::Parts parts{.type = type_, .rows = rows_, .nulls = nulls_, .owner = body};
  if (nulls_ != 0) {
    std::memcpy(body.get() + validity, validity_.data(), bitmap_bytes(rows_));
    parts.validity = reinterpret_cast<const std::uint8_t*>(body.get() + validity);
  }
  if (has_offsets(type_)) {
    auto* to = reinterpret_cast<std::int32_t*>(body.get() + offsets);
    if (offsets_.empty())
      to[0] = 0;
    else
      std::memcpy(to, offsets_.data(), (rows_ + 1) * sizeof(std::int32_t));
    parts.offsets = to;
  }
  if (!values_.empty()) std::memcpy(body.get() + values, values_.data(), values_.size());
  parts.values = body.get() + values;
  return Column(std::move(parts));
}

}  // namespace leat
