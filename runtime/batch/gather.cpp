// Columns made of other columns' rows: take and concat.
#include <cstring>
#include <leat/batch.hpp>

#include "batch/layout.hpp"

namespace leat {
namespace {

// A column under construction in a body whose size is known before.
struct Draft {
  Draft(const std::shared_ptr<std::byte>& memory, const ColumnLayout& place, Type type, std::uint32_t rows,
        bool nulls)
      : body(memory.get()), layout(place) {
    parts = {.type = type, .rows = rows, .owner = memory};
    if (nulls) parts.validity = validity();
    if (has_offsets(type)) parts.offsets = offsets();
    parts.values = values();
  }
  std::uint8_t* validity() { return reinterpret_cast<std::uint8_t*>(body + layout.validity); }
  std::int32_t* offsets() { return reinterpret_cast<std::int32_t*>(body + layout.offsets); }
  std::byte* values() { return body + layout.values; }

  std::byte* body;
  ColumnLayout layout;
  Column::Parts parts;
};

std::size_t taken_bytes(const Column& column, std::span<const std::uint32_t> rows) {
  const Column::Parts& parts = column.parts();
  if (parts.type == Type::boolean) return bitmap_bytes(rows.size());
  if (!has_offsets(parts.type)) return rows.size() * value_width(parts.type);
  std::size_t elements = 0;
  for (const std::uint32_t row : rows) {
    const std::int32_t* at = parts.offsets + parts.offset + row;
    elements += static_cast<std::size_t>(at[1] - at[0]);
  }
  return elements * value_width(parts.type);
}

void take_values(const Column& column, std::span<const std::uint32_t> rows, Draft& draft) {
  const Column::Parts& parts = column.parts();
  if (parts.type == Type::boolean) {
    auto* bits = reinterpret_cast<std::uint8_t*>(draft.values());
    for (std::size_t at = 0; at < rows.size(); ++at) set_bit(bits, at, column.boolean(rows[at]));
    return;
  }
  if (!has_offsets(parts.type)) {
    const std::int64_t* from = reinterpret_cast<const std::int64_t*>(parts.values) + parts.offset;
    auto* to = reinterpret_cast<std::int64_t*>(draft.values());
    for (std::size_t at = 0; at < rows.size(); ++at) to[at] = from[rows[at]];
    return;
  }
  const std::size_t width = value_width(parts.type);
  std::int32_t end = 0;
  std::int32_t* offsets = draft.offsets();
  *offsets++ = 0;
  for (const std::uint32_t row : rows) {
    const std::int32_t* at = parts.offsets + parts.offset + row;
    const std::int32_t count = at[1] - at[0];
    std::memcpy(draft.values() + static_cast<std::size_t>(end) * width,
                parts.values + static_cast<std::size_t>(at[0]) * width,
                static_cast<std::size_t>(count) * width);
    end += count;
    *offsets++ = end;
  }
}

ColumnLayout taken_layout(std::size_t begin, const Column& column, std::span<const std::uint32_t> rows) {
  return column_layout(begin, column.type(), static_cast<std::uint32_t>(rows.size()),
                       column.null_count() != 0, taken_bytes(column, rows));
}

Column take_into(const Column& column, std::span<const std::uint32_t> rows,
                 const std::shared_ptr<std::byte>& body, const ColumnLayout& layout) {
  const bool nulls = column.null_count() != 0;
  Draft draft(body, layout, column.type(), static_cast<std::uint32_t>(rows.size()), nulls);
  for (std::size_t at = 0; nulls && at < rows.size(); ++at) {
    const bool null = column.is_null(rows[at]);
    set_bit(draft.validity(), at, !null);
    draft.parts.nulls += null ? 1 : 0;
  }
  take_values(column, rows, draft);
  return Column(std::move(draft.parts));
}

// Appends a part's rows at row `at`; `end` is how many elements lie before, for types with offsets.
void append_part(const Column& part, Draft& draft, std::uint32_t at, std::int32_t& end) {
  const Column::Parts& from = part.parts();
  if (draft.parts.validity != nullptr) {
    if (from.nulls != 0)
      copy_bits(draft.validity(), at, from.validity, from.offset, from.rows);
    else
      for (std::uint32_t row = 0; row < from.rows; ++row) set_bit(draft.validity(), at + row, true);
    draft.parts.nulls += from.nulls;
  }
  if (from.type == Type::boolean) {
    copy_bits(reinterpret_cast<std::uint8_t*>(draft.values()), at,
              reinterpret_cast<const std::uint8_t*>(from.values), from.offset, from.rows);
    return;
  }
  const std::size_t bytes = values_bytes(part);
  if (!has_offsets(from.type)) {
    if (bytes != 0) std::memcpy(draft.values() + at * value_width(from.type), values_begin(part), bytes);
    return;
  }
  const std::int32_t* offsets = from.offsets + from.offset;
  if (bytes != 0)
    std::memcpy(draft.values() + static_cast<std::size_t>(end) * value_width(from.type), values_begin(part),
                bytes);
  for (std::uint32_t row = 0; row < from.rows; ++row)
    draft.offsets()[at + row + 1] = end + offsets[row + 1] - offsets[0];
  end += offsets[from.rows] - offsets[0];
}

Column concat_column(std::span<const Batch> parts, std::size_t index, std::uint32_t rows) {
  bool nulls = false;
  std::size_t bytes = 0;
  const Type type = parts[0].column(index).type();
  for (const Batch& part : parts) {
    nulls = nulls || part.column(index).null_count() != 0;
    bytes += values_bytes(part.column(index));
  }
  if (type == Type::boolean) bytes = bitmap_bytes(rows);
  LEAT_ASSERT(!has_offsets(type) || bytes <= INT32_MAX);
  const ColumnLayout layout = column_layout(0, type, rows, nulls, bytes);
  Draft draft(allocate_body(layout.end), layout, type, rows, nulls);
  if (has_offsets(type)) draft.offsets()[0] = 0;
  std::uint32_t at = 0;
  std::int32_t end = 0;
  for (const Batch& part : parts) {
    append_part(part.column(index), draft, at, end);
    at += part.row_count();
  }
  return Column(std::move(draft.parts));
}

}  // namespace

Column Column::take(std::span<const std::uint32_t> rows) const {
  const ColumnLayout layout = taken_layout(0, *this, rows);
  return take_into(*this, rows, allocate_body(layout.end), layout);
}

// All columns in one body: a batch of few rows costs few allocations.
Batch Batch::take(std::span<const std::uint32_t> rows) const {
  if (!rep_) return *this;
  std::size_t bytes = 0;
  for (const Column& column : rep_->columns) bytes = taken_layout(bytes, column, rows).end;
  const std::shared_ptr<std::byte> body = allocate_body(bytes);
  std::vector<Column> columns;
  columns.reserve(rep_->columns.size());
  std::size_t begin = 0;
  for (const Column& column : rep_->columns) {
    const ColumnLayout layout = taken_layout(begin, column, rows);
    columns.push_back(take_into(column, rows, body, layout));
    begin = layout.end;
  }
  return Batch(rep_->schema, std::move(columns), static_cast<std::uint32_t>(rows.size()))
      .with_entered(rep_->entered);
}

Batch concat(std::span<const Batch> parts) {
  if (parts.empty()) return {};
  if (parts.size() == 1) return parts[0];
  std::uint32_t rows = 0;
  Time entered = kTimeMax;
  for (const Batch& part : parts) {
    LEAT_ASSERT(part.schema()->same_fields(*parts[0].schema()));
    rows += part.row_count();
    if (part.entered() != kTimeMin) entered = std::min(entered, part.entered());
  }
  std::vector<Column> columns;
  columns.reserve(parts[0].columns().size());
  for (std::size_t index = 0; index < parts[0].columns().size(); ++index)
    columns.push_back(concat_column(parts, index, rows));
  return Batch(parts[0].schema(), std::move(columns), rows)
      .with_entered(entered == kTimeMax ? kTimeMin : entered);
}

}  // namespace leat
