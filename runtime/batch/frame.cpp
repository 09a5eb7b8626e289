#include "batch/frame.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "batch.pb.h"
#include "batch/draft.hpp"
#include "batch/layout.hpp"

namespace leat {
namespace {

template <class... Args>
Failure malformed(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::malformed_frame, fmt::format(format, std::forward<Args>(args)...));
}

ColumnLayout layout_of(std::size_t begin, const Column& column) {
  return column_layout(begin, column.type(), column.row_count(), column.null_count() != 0,
                       values_bytes(column));
}

void write_bits(std::byte* to, const std::uint8_t* from, std::size_t first, std::size_t count) {
  copy_bits(reinterpret_cast<std::uint8_t*>(to), 0, from, first, count);
}

// Zeroes from the end of what was written to the next aligned position: no stale memory leaves the process.
void pad(std::byte* body, std::size_t end, std::size_t next) {
  std::memset(body + end, 0, next - end);
}

Status check_offsets(const Column::Parts& parts, std::size_t elements, const std::string& name) {
  if (parts.offsets[0] != 0) return malformed("column `{}`: the first offset is {}", name, parts.offsets[0]);
  std::int32_t before = 0;
  bool ordered = true;
  for (std::uint32_t row = 1; row <= parts.rows; ++row) {
    ordered = ordered && parts.offsets[row] >= before;
    before = parts.offsets[row];
  }
  if (!ordered || static_cast<std::size_t>(before) != elements)
    return malformed("column `{}`: offsets do not ascend to the end of the values", name);
  return {};
}

// All text at once: valid as a whole, and no value may begin inside a character.
Status check_text(const Column& column, const std::string& name) {
  const Column::Parts& parts = column.parts();
  const auto* text = reinterpret_cast<const char*>(parts.values);
  const auto size = static_cast<std::size_t>(parts.offsets[parts.rows]);
  bool valid = simdjson::validate_utf8(text, size);
  for (std::uint32_t row = 1; valid && row < parts.rows; ++row) {
    const auto at = static_cast<std::size_t>(parts.offsets[row]);
    valid = at >= size || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
  }
  return valid ? Status() : Status(malformed("column `{}`: not UTF-8", name));
}

Status check_values(const Column& column, const std::string& name) {
  if (column.type() == Type::string) return check_text(column, name);
  if (column.type() == Type::any)
    for (std::uint32_t row = 0; row < column.row_count(); ++row)
      if (!column.is_null(row) && !valid_msgpack(column.text(row)))
        return malformed("column `{}`: not MessagePack", name);
  return {};
}

Result<Column::Parts> read_column(const wire::BatchLayout& layout, int at, const Field& field,
                                  std::span<const std::byte> body, std::size_t& begin) {
  const std::uint32_t rows = layout.rows();
  const std::uint32_t nulls = layout.nulls(at);
  const std::size_t bytes = layout.value_bytes(at);
  if (nulls > rows || (nulls != 0 && !field.nullable))
    return malformed("column `{}`: {} nulls in {} rows", field.name, nulls, rows);
  const std::size_t width = value_width(field.type);
  const std::size_t wanted = field.type == Type::boolean ? bitmap_bytes(rows) : rows * width;
  if (has_offsets(field.type) ? bytes % width != 0 || bytes > INT32_MAX : bytes != wanted)
    return malformed("column `{}`: {} bytes of values", field.name, bytes);
  const ColumnLayout place = column_layout(begin, field.type, rows, nulls != 0, bytes);
  if (place.end > body.size()) return malformed("column `{}` ends beyond the frame", field.name);
  begin = place.end;
  Column::Parts parts{.type = field.type, .rows = rows, .nulls = nulls, .values = body.data() + place.values};
  if (nulls != 0) {
    parts.validity = reinterpret_cast<const std::uint8_t*>(body.data() + place.validity);
    if (rows - count_bits(parts.validity, 0, rows) != nulls)
      return malformed("column `{}`: wrong number of nulls", field.name);
  }
  if (has_offsets(field.type)) {
    parts.offsets = reinterpret_cast<const std::int32_t*>(body.data() + place.offsets);
    LEAT_TRY(check_offsets(parts, bytes / width, field.name));
  }
  LEAT_TRY(check_values(Column(parts), field.name));
  return parts;
}

}  // namespace

void set_layout(const Batch& batch, wire::BatchLayout& layout) {
  layout.set_rows(batch.row_count());
  layout.set_schema(batch.schema()->fingerprint());
  layout.set_entered(batch.entered().time_since_epoch().count());
  for (const Column& column : batch.columns()) {
    layout.add_nulls(column.null_count());
    layout.add_value_bytes(static_cast<std::uint32_t>(values_bytes(column)));
  }
}

std::size_t body_size(const Batch& batch) {
  std::size_t end = 0;
  for (const Column& column : batch.columns()) end = layout_of(end, column).end;
  return end;
}

void write_body(const Batch& batch, std::byte* body) {
  std::size_t begin = 0;
  for (const Column& column : batch.columns()) {
    const Column::Parts& parts = column.parts();
    const ColumnLayout place = layout_of(begin, column);
    if (parts.nulls != 0) {
      std::memset(body + place.validity, 0, place.offsets - place.validity);
      write_bits(body + place.validity, parts.validity, parts.offset, parts.rows);
    }
    if (has_offsets(parts.type)) {
      auto* to = reinterpret_cast<std::int32_t*>(body + place.offsets);
      const std::int32_t* from = parts.offsets + parts.offset;
      for (std::uint32_t row = 0; row <= parts.rows; ++row) to[row] = from[row] - from[0];
      pad(body, place.offsets + (parts.rows + 1) * sizeof(std::int32_t), place.values);
    }
    const std::size_t bytes = values_bytes(column);
    if (parts.type == Type::boolean) {
      std::memset(body + place.values, 0, place.end - place.values);
      write_bits(body + place.values, reinterpret_cast<const std::uint8_t*>(parts.values), parts.offset,
                 parts.rows);
    } else {
      if (bytes != 0) std::memcpy(body + place.values, values_begin(column), bytes);
      pad(body, place.values + bytes, place.end);
    }
    begin = place.end;
  }
}

Result<Batch> read_batch(const wire::BatchLayout& layout, const SchemaPtr& schema,
                         std::span<const std::byte> body, const Memory& owner) {
  if (layout.schema() != schema->fingerprint())
    return malformed("the rows have another schema than the link");
  const auto columns = static_cast<int>(schema->size());
  if (layout.rows() > Batch::kRowsMax || layout.nulls_size() != columns ||
      layout.value_bytes_size() != columns)
    return malformed("{} rows of {} columns do not fit the schema", layout.rows(), layout.value_bytes_size());
  // libzmq hands small messages out of its receive buffer, at any address.
  const bool copied = reinterpret_cast<std::uintptr_t>(body.data()) % alignof(std::int64_t) != 0;
  BatchDraft draft(schema, layout.rows(), copied ? body.size() : 0, copied ? Memory() : owner);
  if (copied) {
    std::memcpy(draft.buffers(), body.data(), body.size());
    body = {draft.buffers(), body.size()};
  }
  std::size_t begin = 0;
  for (int at = 0; at < columns; ++at) {
    LEAT_TRY_ASSIGN(Column::Parts parts,
                    read_column(layout, at, (*schema)[static_cast<std::size_t>(at)], body, begin));
    copied ? draft.add(std::move(parts)) : draft.add_in_frame(std::move(parts));
  }
  if (begin != body.size()) return malformed("the frame has {} bytes, the columns {}", body.size(), begin);
  return draft.finish(Time(Duration(layout.entered())));
}

}  // namespace leat
