#include <fmt/compile.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <leat/codec.hpp>

#include "batch/base64.hpp"
#include "batch/json_text.hpp"

namespace leat {
namespace {

template <class Number>
void write_shortest(Number value, std::string& out) {
  char text[32];
  out.append(text, fmt::format_to(text, FMT_COMPILE("{}"), value));
}

void write_escaped(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t clean = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text.substr(clean, at - clean));
    clean = at + 1;
    switch (byte) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
  }
  out.append(text.substr(clean));
}

// Length of the UTF-8 character at the front, 0 if there is none.
std::size_t character_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length)
    if (simdjson::validate_utf8(text.data(), length)) return length;
  return 0;
}

void write_value(const Column& column, std::uint32_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type()) {
    case Type::boolean:
      out += column.boolean(row) ? "true" : "false";
      return;
    case Type::int64:
      write_shortest(column.int64(row), out);
      return;
    case Type::float64:
      return write_json_number(column.float64(row), out);
    case Type::string:
      return write_json_string(column.text(row), out);
    case Type::timestamp:
      return write_json_time(Time(Duration(column.int64(row))), out);
    case Type::bytes:
      out += '"';
      write_base64(column.text(row), out);
      out += '"';
      return;
    case Type::float32_list: {
      out += '[';
      for (const float value : column.floats(row)) {
        if (out.back() != '[') out += ',';
        if (std::isfinite(value))
          write_shortest(value, out);
        else
          out += "null";
      }
      out += ']';
      return;
    }
    case Type::any: {
      const Result<std::string> json = msgpack_to_json(column.text(row));
      out += json ? *json : "null";
      return;
    }
  }
}

}  // namespace

void write_json_number(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  const std::size_t begin = out.size();
  write_shortest(value, out);
  if (out.find_first_not_of("-0123456789", begin) == std::string::npos) out += ".0";
}

void write_json_time(Time time, std::string& out) {
  const std::string text = to_text(time);
  if (!text.ends_with('Z')) {
    out += text;
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

void write_json_string(std::string_view text, std::string& out) {
  out += '"';
  if (simdjson::validate_utf8(text.data(), text.size())) {
    write_escaped(text, out);
  } else {
    while (!text.empty()) {
      const std::size_t length = character_length(text);
      if (length == 0)
        out += "\xef\xbf\xbd";
      else
        write_escaped(text.substr(0, length), out);
      text.remove_prefix(std::max<std::size_t>(length, 1));
    }
  }
  out += '"';
}

void write_json(const Batch& batch, std::uint32_t row, std::string& out) {
  out += '{';
  const auto& fields = batch.schema()->fields();
  for (std::size_t at = 0; at < fields.size(); ++at) {
    if (at != 0) out += ',';
    write_json_string(fields[at].name, out);
    out += ':';
    write_value(batch.column(at), row, out);
  }
  out += '}';
}

std::string to_json_lines(const Batch& batch) {
  std::string out;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    write_json(batch, row, out);
    out += '\n';
  }
  return out;
}

}  // namespace leat
