#include <fmt/format.h>
#include <simdjson.h>

#include <leat/codec.hpp>
#include <leat/units.hpp>

#include "batch/frame.hpp"
#include "batch/msgpack_float.hpp"
#include "batch/msgpack_time.hpp"
#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

namespace leat {
namespace {

struct Appender {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

// The value as it came, floats included.
void pack_again(const msgpack::object& value, std::string& out) {
  Appender appender{out};
  msgpack::packer<Appender> packer(appender);
  switch (value.type) {
    case msgpack::type::FLOAT32:
      return append_float32(static_cast<float>(value.via.f64), out);
    case msgpack::type::FLOAT64:
      return append_float64(value.via.f64, out);
    case msgpack::type::ARRAY:
      packer.pack_array(value.via.array.size);
      for (const auto& item : std::span(value.via.array.ptr, value.via.array.size)) pack_again(item, out);
      return;
    case msgpack::type::MAP:
      packer.pack_map(value.via.map.size);
      for (const auto& [key, item] : std::span(value.via.map.ptr, value.via.map.size)) {
        pack_again(key, out);
        pack_again(item, out);
      }
      return;
    default:
      packer.pack(value);
  }
}

std::string_view name_of(msgpack::type::object_type type) {
  switch (type) {
    case msgpack::type::NIL:
      return "nil";
    case msgpack::type::BOOLEAN:
      return "a boolean";
    case msgpack::type::POSITIVE_INTEGER:
    case msgpack::type::NEGATIVE_INTEGER:
      return "an integer";
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return "a float";
    case msgpack::type::STR:
      return "a string";
    case msgpack::type::BIN:
      return "bytes";
    case msgpack::type::ARRAY:
      return "an array";
    case msgpack::type::MAP:
      return "a map";
    case msgpack::type::EXT:
      return "an extension";
  }
  return "something else";
}

Failure malformed(const Field& field, std::string_view what) {
  return fail(Code::malformed_record, fmt::format("field `{}` {}", field.name, what));
}
Failure wrong_type(const Field& field, const msgpack::object& value) {
  return malformed(field, fmt::format("is a {}, found {}", to_text(field.type), name_of(value.type)));
}

std::optional<double> number_of(const msgpack::object& value) {
  switch (value.type) {
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return value.via.f64;
    case msgpack::type::POSITIVE_INTEGER:
      return static_cast<double>(value.via.u64);
    case msgpack::type::NEGATIVE_INTEGER:
      return static_cast<double>(value.via.i64);
    default:
      return std::nullopt;
  }
}

Status append_int64(const Field& field, const msgpack::object& value, ColumnBuilder& column) {
  if (value.type != msgpack::type::POSITIVE_INTEGER && value.type != msgpack::type::NEGATIVE_INTEGER)
    return wrong_type(field, value);
  if (value.type == msgpack::type::POSITIVE_INTEGER && value.via.u64 > INT64_MAX)
    return fail(Code::out_of_range, fmt::format("field `{}`: the number does not fit an int64", field.name));
  column.append(value.via.i64);
  return {};
}

Status append_time(const Field& field, const msgpack::object& value, ColumnBuilder& column) {
  if (value.type == msgpack::type::EXT && value.via.ext.type() == kTimestampExtension) {
    const auto time = unpack_time({value.via.ext.data(), value.via.ext.size});
    if (!time) return malformed(field, "is no timestamp that fits");
    column.append(*time);
    return {};
  }
  if (value.type != msgpack::type::STR) return append_int64(field, value, column);
  const Result<Time> time = parse_time({value.via.str.ptr, value.via.str.size});
  if (!time)
    return fail(Code::malformed_record, fmt::format("field `{}`: {}", field.name, time.error().message));
  column.append(*time);
  return {};
}

Status append_floats(const Field& field, const msgpack::object& value, ColumnBuilder& column) {
  if (value.type != msgpack::type::ARRAY) return wrong_type(field, value);
  std::vector<float> floats;
  floats.reserve(value.via.array.size);
  for (const msgpack::object& item : std::span(value.via.array.ptr, value.via.array.size)) {
    const auto number = number_of(item);
    if (!number)
      return malformed(field, fmt::format("has {} as element {}", name_of(item.type), floats.size()));
    floats.push_back(static_cast<float>(*number));
  }
  column.append(std::span<const float>(floats));
  return {};
}

Status append_text(const Field& field, const msgpack::object& value, ColumnBuilder& column) {
  std::string_view text;
  if (value.type == msgpack::type::STR)
    text = {value.via.str.ptr, value.via.str.size};
  else if (value.type == msgpack::type::BIN && field.type == Type::bytes)
    text = {value.via.bin.ptr, value.via.bin.size};
  else
    return wrong_type(field, value);
  if (field.type == Type::string && !simdjson::validate_utf8(text.data(), text.size()))
    return malformed(field, "is not UTF-8");
  column.append(text);
  return {};
}

Status append(const Field& field, const msgpack::object& value, ColumnBuilder& column) {
  if (value.type == msgpack::type::NIL && field.nullable) {
    column.append_null();
    return {};
  }
  if (value.type == msgpack::type::NIL && field.type != Type::any)
    return fail(Code::missing_value, fmt::format("field `{}` is null", field.name));
  switch (field.type) {
    case Type::boolean:
      if (value.type != msgpack::type::BOOLEAN) return wrong_type(field, value);
      column.append(value.via.boolean);
      return {};
    case Type::int64:
      return append_int64(field, value, column);
    case Type::float64: {
      const auto number = number_of(value);
      if (!number) return wrong_type(field, value);
      column.append(*number);
      return {};
    }
    case Type::string:
    case Type::bytes:
      return append_text(field, value, column);
    case Type::timestamp:
      return append_time(field, value, column);
    case Type::float32_list:
      return append_floats(field, value, column);
    case Type::any: {
      std::string packed;
      pack_again(value, packed);
      column.append(std::string_view(packed));
      return {};
    }
  }
  return {};
}

Status append_fields(const msgpack::object_map& map, BatchBuilder& rows, std::uint32_t row) {
  const Schema& schema = *rows.schema();
  for (const auto& [key, value] : std::span(map.ptr, map.size)) {
    if (key.type != msgpack::type::STR) continue;
    const auto at = schema.index_of({key.via.str.ptr, key.via.str.size});
    if (!at) continue;
    if (rows.column(*at).row_count() != row) return malformed(schema[*at], "stands twice");
    LEAT_TRY(append(schema[*at], value, rows.column(*at)));
  }
  for (std::size_t at = 0; at < schema.size(); ++at) {
    if (rows.column(at).row_count() != row) continue;
    if (!schema[at].nullable)
      return fail(Code::missing_value, fmt::format("field `{}` is missing", schema[at].name));
    rows.column(at).append_null();
  }
  return {};
}

}  // namespace

Status read_msgpack(std::string_view bytes, BatchBuilder& rows) {
  // Checked before, so that msgpack-c never meets a hostile count or depth, and never throws.
  if (!valid_msgpack(bytes)) return fail(Code::malformed_record, "not one well-formed MessagePack value");
  bool referenced = false;  // texts stay where they are
  const msgpack::object_handle handle =
      msgpack::unpack(bytes.data(), bytes.size(), referenced,
                      [](msgpack::type::object_type, std::size_t, void*) { return true; });
  if (handle->type != msgpack::type::MAP)
    return fail(Code::malformed_record, fmt::format("a row is a map, found {}", name_of(handle->type)));
  const std::uint32_t row = rows.row_count();
  Status status = append_fields(handle->via.map, rows, row);
  if (!status) rows.truncate(row);
  return status;
}

}  // namespace leat
