// Columns made of other columns' rows: take and concat.
#include <cstring>
#include <leat/batch.hpp>

#include "batch/draft.hpp"
#include "batch/layout.hpp"

namespace leat {
namespace {

// A column under construction in a body whose size is known before.
struct Draft {
  Draft(std::byte* buffers, const ColumnLayout& place, bool nulls, Column::Parts& to)
      : body(buffers), layout(place), parts(to) {
    if (nulls) parts.validity = validity();
    if (has_offsets(parts.type)) parts.offsets = offsets();
    parts.values = values();
  }
  std::uint8_t* validity() { return reinterpret_cast<std::uint8_t*>(body + layout.validity); }
  std::int32_t* offsets() { return reinterpret_cast<std::int32_t*>(body + layout.offsets); }
  std::byte* values() { return body + layout.values; }

  std::byte* body;
  ColumnLayout layout;
  Column::Parts& parts;
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
  return memory_layout(begin, column.type(), static_cast<std::uint32_t>(rows.size()),
                       column.null_count() != 0, taken_bytes(column, rows));
}

void take_into(const Column& column, std::span<const std::uint32_t> rows, std::byte* body,
               const ColumnLayout& layout, Column::Parts& parts) {
  const bool nulls = column.null_count() != 0;
  Draft draft(body, layout, nulls, parts);
  for (std::size_t at = 0; nulls && at < rows.size(); ++at) {
    const bool null = column.is_null(rows[at]);
    set_bit(draft.validity(), at, !null);
    parts.nulls += null ? 1 : 0;
  }
  take_values(column, rows, draft);
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

ColumnLayout concat_layout(std::size_t begin, std::span<const Batch> parts, std::size_t index,
                           std::uint32_t rows) {
  bool nulls = false;
  std::size_t bytes = 0;
  const Type type = parts[0].column(index).type();
  for (const Batch& part : parts) {
    nulls = nulls || part.column(index).null_count() != 0;
    bytes += values_bytes(part.column(index));
  }
  if (type == Type::boolean) bytes = bitmap_bytes(rows);
  LEAT_ASSERT(!has_offsets(type) || bytes <= INT32_MAX);
  return memory_layout(begin, type, rows, nulls, bytes);
}

void concat_into(std::span<const Batch> parts, std::size_t index, std::byte* body, const ColumnLayout& layout,
                 Column::Parts& to) {
  Draft draft(body, layout, layout.offsets != layout.validity, to);
  if (has_offsets(to.type)) draft.offsets()[0] = 0;
  std::uint32_t at = 0;
  std::int32_t end = 0;
  for (const Batch& part : parts) {
    append_part(part.column(index), draft, at, end);
    at += part.row_count();
  }
}

}  // namespace

Column Column::take(std::span<const std::uint32_t> rows) const {
  const ColumnLayout layout = taken_layout(0, *this, rows);
  Parts parts{.type = parts_.type,
              .rows = static_cast<std::uint32_t>(rows.size()),
              .owner = Memory::allocate(layout.end)};
  take_into(*this, rows, parts.owner.data(), layout, parts);
  return Column(std::move(parts));
}

Batch Batch::take(std::span<const std::uint32_t> rows) const {
  if (rep_ == nullptr) return *this;
  std::size_t bytes = 0;
  for (const Column& column : columns()) bytes = taken_layout(bytes, column, rows).end;
  BatchDraft draft(schema(), static_cast<std::uint32_t>(rows.size()), bytes);
  std::size_t begin = 0;
  for (const Column& column : columns()) {
    const ColumnLayout layout = taken_layout(begin, column, rows);
    take_into(column, rows, draft.buffers(), layout, draft.add());
    begin = layout.end;
  }
  return draft.finish(rep_->entered);
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
  std::size_t bytes = 0;
  for (std::size_t index = 0; index < parts[0].columns().size(); ++index)
    bytes = concat_layout(bytes, parts, index, rows).end;
  BatchDraft draft(parts[0].schema(), rows, bytes);
  std::size_t begin = 0;
  for (std::size_t index = 0; index < parts[0].columns().size(); ++index) {
    const ColumnLayout layout = concat_layout(begin, parts, index, rows);
    concat_into(parts, index, draft.buffers(), layout, draft.add());
    begin = layout.end;
  }
  return draft.finish(entered == kTimeMax ? kTimeMin : entered);
}

}  // namespace leat
