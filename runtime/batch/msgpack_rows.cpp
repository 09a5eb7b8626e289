#include <fmt/format.h>

#include <iterator>
#include <leat/codec.hpp>

#include "batch/base64.hpp"
#include "batch/frame.hpp"
#include "batch/json_any.hpp"
#include "batch/json_text.hpp"
#include "batch/msgpack_float.hpp"
#include "batch/msgpack_time.hpp"
#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

namespace leat {
namespace {

// What msgpack::packer writes to.
struct Appender {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};
using Packer = msgpack::packer<Appender>;

constexpr int kDepthMax = 32;

void pack_text(Packer& packer, std::string_view text) {
  packer.pack_str(static_cast<std::uint32_t>(text.size()));
  packer.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
}

void pack_value(Packer& packer, const Column& column, std::uint32_t row, std::string& out) {
  if (column.is_null(row)) {
    packer.pack_nil();
    return;
  }
  switch (column.type()) {
    case Type::boolean:
      column.boolean(row) ? packer.pack_true() : packer.pack_false();
      return;
    case Type::int64:
      packer.pack_int64(column.int64(row));
      return;
    case Type::float64:
      append_float64(column.float64(row), out);
      return;
    case Type::string:
      return pack_text(packer, column.text(row));
    case Type::timestamp:
      return pack_time(Time(Duration(column.int64(row))), out);
    case Type::any:
      out.append(column.text(row));
      return;
    case Type::bytes:
      packer.pack_bin(static_cast<std::uint32_t>(column.text(row).size()));
      packer.pack_bin_body(column.text(row).data(), static_cast<std::uint32_t>(column.text(row).size()));
      return;
    case Type::float32_list:
      packer.pack_array(static_cast<std::uint32_t>(column.floats(row).size()));
      for (const float value : column.floats(row)) append_float32(value, out);
      return;
  }
}

void write_object(const msgpack::object& object, std::string& out);

void write_key(const msgpack::object& key, std::string& out) {
  if (key.type == msgpack::type::STR) return write_json_string({key.via.str.ptr, key.via.str.size}, out);
  std::string text;  // JSON has text keys only
  write_object(key, text);
  write_json_string(text, out);
}

void write_object(const msgpack::object& object, std::string& out) {
  switch (object.type) {
    case msgpack::type::NIL:
      out += "null";
      return;
    case msgpack::type::BOOLEAN:
      out += object.via.boolean ? "true" : "false";
      return;
    case msgpack::type::POSITIVE_INTEGER:
      fmt::format_to(std::back_inserter(out), "{}", object.via.u64);
      return;
    case msgpack::type::NEGATIVE_INTEGER:
      fmt::format_to(std::back_inserter(out), "{}", object.via.i64);
      return;
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return write_json_number(object.via.f64, out);
    case msgpack::type::STR:
      return write_json_string({object.via.str.ptr, object.via.str.size}, out);
    case msgpack::type::BIN:
      out += '"';
      write_base64({object.via.bin.ptr, object.via.bin.size}, out);
      out += '"';
      return;
    case msgpack::type::EXT: {
      const std::string_view body(object.via.ext.data(), object.via.ext.size);
      const auto time = object.via.ext.type() == kTimestampExtension ? unpack_time(body) : std::nullopt;
      if (time) return write_json_time(*time, out);
      out += '"';
      write_base64(body, out);
      out += '"';
      return;
    }
    case msgpack::type::ARRAY:
      out += '[';
      for (std::uint32_t at = 0; at < object.via.array.size; ++at) {
        if (at != 0) out += ',';
        write_object(object.via.array.ptr[at], out);
      }
      out += ']';
      return;
    case msgpack::type::MAP:
      out += '{';
      for (std::uint32_t at = 0; at < object.via.map.size; ++at) {
        if (at != 0) out += ',';
        write_key(object.via.map.ptr[at].key, out);
        out += ':';
        write_object(object.via.map.ptr[at].val, out);
      }
      out += '}';
      return;
  }
}

Status pack_json(simdjson::ondemand::value& value, Packer& packer, std::string& out, int depth);

Status pack_items(simdjson::ondemand::value& value, Packer& packer, std::string& out, int depth) {
  simdjson::ondemand::array array;
  std::size_t count = 0;
  if (value.get_array().get(array) || array.count_elements().get(count))
    return fail(Code::malformed_record, "not JSON");
  packer.pack_array(static_cast<std::uint32_t>(count));
  for (auto item : array) {
    simdjson::ondemand::value inner;
    if (item.get(inner)) return fail(Code::malformed_record, "not JSON");
    LEAT_TRY(pack_json(inner, packer, out, depth + 1));
  }
  return {};
}

Status pack_entries(simdjson::ondemand::value& value, Packer& packer, std::string& out, int depth) {
  simdjson::ondemand::object object;
  std::size_t count = 0;
  if (value.get_object().get(object) || object.count_fields().get(count))
    return fail(Code::malformed_record, "not JSON");
  packer.pack_map(static_cast<std::uint32_t>(count));
  for (auto entry : object) {
    std::string_view key;
    simdjson::ondemand::value inner;
    if (entry.unescaped_key().get(key)) return fail(Code::malformed_record, "not JSON");
    pack_text(packer, key);
    if (entry.value().get(inner)) return fail(Code::malformed_record, "not JSON");
    LEAT_TRY(pack_json(inner, packer, out, depth + 1));
  }
  return {};
}

Status pack_number(simdjson::ondemand::value& value, Packer& packer, std::string& out) {
  simdjson::ondemand::number number;
  if (value.get_number().get(number)) return fail(Code::malformed_record, "not a JSON number");
  if (number.is_int64())
    packer.pack_int64(number.get_int64());
  else if (number.is_uint64())
    packer.pack_uint64(number.get_uint64());
  else
    append_float64(number.get_double(), out);
  return {};
}

Status pack_json(simdjson::ondemand::value& value, Packer& packer, std::string& out, int depth) {
  using simdjson::ondemand::json_type;
  json_type type{};
  if (value.type().get(type)) return fail(Code::malformed_record, "not JSON");
  if (depth >= kDepthMax && (type == json_type::array || type == json_type::object))
    return fail(Code::malformed_record, "nested deeper than 32");  // as valid_msgpack counts
  switch (type) {
    case json_type::null: {
      bool null = false;
      if (value.is_null().get(null) || !null) break;  // `nul`, for example
      packer.pack_nil();
      return {};
    }
    case json_type::boolean: {
      bool truth = false;
      if (value.get_bool().get(truth)) break;
      truth ? packer.pack_true() : packer.pack_false();
      return {};
    }
    case json_type::number:
      return pack_number(value, packer, out);
    case json_type::string: {
      std::string_view text;
      if (value.get_string().get(text)) break;
      pack_text(packer, text);
      return {};
    }
    case json_type::array:
      return pack_items(value, packer, out, depth);
    case json_type::object:
      return pack_entries(value, packer, out, depth);
  }
  return fail(Code::malformed_record, "not JSON");
}

}  // namespace

Status pack_any(simdjson::ondemand::value& value, std::string& out) {
  Appender appender{out};
  Packer packer(appender);
  return pack_json(value, packer, out, 0);
}

void write_msgpack(const Column& column, std::uint32_t row, std::string& out) {
  Appender appender{out};
  Packer packer(appender);
  pack_value(packer, column, row, out);
}

void write_msgpack(const Batch& batch, std::uint32_t row, std::string& out) {
  Appender appender{out};
  Packer packer(appender);
  const auto& fields = batch.schema()->fields();
  packer.pack_map(static_cast<std::uint32_t>(fields.size()));
  for (std::size_t at = 0; at < fields.size(); ++at) {
    pack_text(packer, fields[at].name);
    pack_value(packer, batch.column(at), row, out);
  }
}

std::string to_msgpack(const Batch& batch, std::uint32_t row) {
  std::string out;
  write_msgpack(batch, row, out);
  return out;
}

std::string to_msgpack(std::string_view text) {
  std::string out;
  Appender appender{out};
  Packer packer(appender);
  pack_text(packer, text);
  return out;
}

Result<std::string> msgpack_to_json(std::string_view bytes) {
  // Checked before, so that msgpack-c never meets a hostile count or depth, and never throws.
  if (!valid_msgpack(bytes)) return fail(Code::malformed_record, "not one well-formed MessagePack value");
  const msgpack::object_handle handle = msgpack::unpack(bytes.data(), bytes.size());
  std::string out;
  write_object(handle.get(), out);
  return out;
}

Result<std::string> json_to_msgpack(std::string_view json) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::value value;
  // Wrapped in an array, because On-Demand documents treat a lone scalar apart.
  const simdjson::padded_string wrapped("[" + std::string(json) + "]");
  simdjson::ondemand::array array;
  if (parser.iterate(wrapped).get(document) || document.get_array().get(array))
    return fail(Code::malformed_record, "not JSON");
  std::string out;
  std::size_t count = 0;
  for (auto item : array) {
    if (++count > 1 || item.get(value)) return fail(Code::malformed_record, "not one JSON value");
    LEAT_TRY(pack_any(value, out));
  }
  const char* rest = nullptr;
  if (count != 1 || document.current_location().get(rest) == simdjson::SUCCESS)
    return fail(Code::malformed_record, "not one JSON value");
  return out;
}

}  // namespace leat
