#include "infer/remote/request_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <leat/codec.hpp>

namespace leat {
namespace {

using Output = std::back_insert_iterator<std::string>;

void write_floats(std::span<const float> values, std::string& out) {
  for (std::size_t at = 0; at < values.size(); ++at)
    fmt::format_to(Output(out), "{}{}", at == 0 ? "" : ",", values[at]);
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
      fmt::format_to(Output(out), "{}", column.int64(row));
      return;
    case Type::float64:
      fmt::format_to(Output(out), "{}", column.float64(row));
      return;
    case Type::string:
      return write_json_string(column.text(row), out);
    case Type::timestamp:
      return write_json_string(to_text(Time(Duration(column.int64(row)))), out);
    case Type::float32_list:
      out += '[';
      write_floats(column.floats(row), out);
      out += ']';
      return;
    case Type::any:
    case Type::bytes:
      break;  // `bytes` is refused when the mapping is read
  }
  const Result<std::string> json = msgpack_to_json(column.text(row));
  out += json ? *json : "null";
}

void write_row(std::span<const Column> columns, std::uint32_t row, std::string& out) {
  for (std::size_t at = 0; at < columns.size(); ++at) {
    if (at != 0) out += ',';
    write_value(columns[at], row, out);
  }
}

/// A list is written without its brackets: `shape` says where rows end.
Status write_tensor(const EndpointInput& input, std::span<const Column> columns, std::string& out) {
  const std::uint32_t rows = columns[0].row_count();
  const bool list = columns.size() == 1 && columns[0].type() == Type::float32_list;
  const std::size_t width = list ? columns[0].floats(0).size() : columns.size();
  out += "{\"name\":";
  write_json_string(input.name, out);
  fmt::format_to(Output(out), ",\"shape\":[{},{}],\"datatype\":\"{}\",\"data\":[", rows, width,
                 input.datatype);
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (row != 0) out += ',';
    if (!list) {
      write_row(columns, row, out);
      continue;
    }
    if (columns[0].floats(row).size() != width)
      return fail(Code::model_mismatch, "lists of several lengths cannot be asked about together");
    write_floats(columns[0].floats(row), out);
  }
  out += "]}";
  return {};
}

Result<std::string> write_kserve(const BodyFormat& format, std::span<const Column> columns) {
  std::string out = "{\"inputs\":[";
  for (const EndpointInput& input : format.inputs) {
    if (&input != format.inputs.data()) out += ',';
    LEAT_TRY(write_tensor(input, columns.first(input.columns), out));
    columns = columns.subspan(input.columns);
  }
  out += "],\"outputs\":[";
  for (const std::string& name : format.outputs) {
    out += &name == format.outputs.data() ? "{\"name\":" : ",{\"name\":";
    write_json_string(name, out);
    out += '}';
  }
  return out + "]}";
}

void write_instance(const BodyFormat& format, std::span<const Column> columns, std::uint32_t row,
                    std::string& out) {
  out += '{';
  for (const EndpointInput& input : format.inputs) {
    if (&input != format.inputs.data()) out += ',';
    const bool named = !input.name.empty();
    write_json_string(named ? input.name : "features", out);
    out += ':';
    const bool many = (input.columns > 1 || !named) && columns[0].type() != Type::float32_list;
    if (many) out += '[';
    write_row(columns.first(input.columns), row, out);
    if (many) out += ']';
    columns = columns.subspan(input.columns);
  }
  out += '}';
}

std::string write_instances(const BodyFormat& format, std::span<const Column> columns) {
  std::string out = "{\"instances\":[";
  for (std::uint32_t row = 0; row < columns[0].row_count(); ++row) {
    if (row != 0) out += ',';
    write_instance(format, columns, row, out);
  }
  return out + "]}";
}

std::string write_template(const BodyFormat& format, std::span<const Column> columns) {
  std::string out = format.texts[0];
  for (std::size_t at = 0; at < columns.size(); ++at) {
    write_value(columns[at], 0, out);
    out += format.texts[at + 1];
  }
  return out;
}

void read_template(const ConfigNode& node, BodyTemplate& value, ReadContext& context) {
  switch (node.kind) {
    case ConfigNode::Kind::null:
      value.texts.back() += "null";
      return;
    case ConfigNode::Kind::scalar:
      FieldTraits<Expression>::read(node, value.values.emplace_back(), context);
      value.texts.emplace_back();
      return;
    case ConfigNode::Kind::list:
      value.texts.back() += '[';
      for (const ConfigNode& item : node.items) {
        if (&item != node.items.data()) value.texts.back() += ',';
        read_template(item, value, context);
      }
      value.texts.back() += ']';
      return;
    case ConfigNode::Kind::map:
      value.texts.back() += '{';
      for (const ConfigNode::Entry& entry : node.entries) {
        if (&entry != node.entries.data()) value.texts.back() += ',';
        write_json_string(entry.key, value.texts.back());
        value.texts.back() += ':';
        read_template(entry.value, value, context);
      }
      value.texts.back() += '}';
      return;
  }
}

bool sayable(const Column& column, std::uint32_t row) {
  if (column.is_null(row)) return true;
  if (column.type() == Type::float64) return std::isfinite(column.float64(row));
  if (column.type() != Type::float32_list) return true;
  return std::ranges::all_of(column.floats(row), [](float value) { return std::isfinite(value); });
}

}  // namespace

void FieldTraits<BodyTemplate>::read(const ConfigNode& node, BodyTemplate& value, ReadContext& context) {
  value = {};
  value.place = node.place;
  if (node.kind != ConfigNode::Kind::map && node.kind != ConfigNode::Kind::list)
    return detail::wrong_type(node, "a map or a list", context);
  read_template(node, value, context);
}

std::string_view kserve_datatype(Type type) {
  switch (type) {
    case Type::boolean:
      return "BOOL";
    case Type::int64:
      return "INT64";
    case Type::float64:
      return "FP64";
    case Type::float32_list:
      return "FP32";
    case Type::string:
      return "BYTES";
    default:
      return {};
  }
}

bool kserve_takes(std::string_view datatype, Type type) {
  constexpr std::string_view kFloats[] = {"FP16", "FP32", "FP64"};
  constexpr std::string_view kIntegers[] = {"INT8",  "INT16",  "INT32",  "INT64",
                                            "UINT8", "UINT16", "UINT32", "UINT64"};
  const bool floats = std::ranges::find(kFloats, datatype) != std::end(kFloats);
  const bool integers = std::ranges::find(kIntegers, datatype) != std::end(kIntegers);
  switch (type) {
    case Type::boolean:
      return datatype == "BOOL";
    case Type::int64:
      return integers || floats;
    case Type::float64:
    case Type::float32_list:
      return floats;
    case Type::string:
      return datatype == "BYTES";
    default:
      return false;
  }
}

Result<std::string> write_body(const BodyFormat& format, std::span<const Column> columns) {
  if (format.protocol == Protocol::kserve_v2) return write_kserve(format, columns);
  if (format.protocol == Protocol::invocations) return write_instances(format, columns);
  return write_template(format, columns);
}

std::vector<std::uint32_t> unsayable_rows(std::span<const Column> columns) {
  std::vector<std::uint32_t> rows;
  for (const Column& column : columns) {
    if (column.type() != Type::float64 && column.type() != Type::float32_list) continue;
    for (std::uint32_t row = 0; row < column.row_count(); ++row)
      if (!sayable(column, row)) rows.push_back(row);
  }
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

}  // namespace leat
