#include "testing/rows.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <leat/codec.hpp>
#include <leat/units.hpp>
#include <limits>

#include "batch/base64.hpp"

namespace leat {
namespace {

std::optional<std::int64_t> as_int(const ConfigNode& node) {
  std::int64_t value = 0;
  const char* end = node.scalar.data() + node.scalar.size();
  const auto [stop, error] = std::from_chars(node.scalar.data(), end, value);
  if (node.quoted || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<double> as_double(const ConfigNode& node) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (node.quoted) return std::nullopt;
  if (node.scalar == ".nan") return std::numeric_limits<double>::quiet_NaN();
  if (node.scalar == ".inf") return kInfinity;
  if (node.scalar == "-.inf") return -kInfinity;
  double value = 0;
  const char* end = node.scalar.data() + node.scalar.size();
  const auto [stop, error] = std::from_chars(node.scalar.data(), end, value);
  // from_chars knows words of its own, such as "inf" and "nan".
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

// One value into its column; false, with nothing appended, if it does not fit the type.
bool append_scalar(const ConfigNode& node, Type type, ColumnBuilder& column) {
  switch (type) {
    case Type::boolean:
      if (node.quoted || (node.scalar != "true" && node.scalar != "false")) return false;
      column.append(node.scalar == "true");
      return true;
    case Type::int64:
      if (const auto value = as_int(node)) return column.append(*value), true;
      return false;
    case Type::float64:
      if (const auto value = as_double(node)) return column.append(*value), true;
      return false;
    case Type::timestamp: {
      if (const auto value = as_int(node)) return column.append(*value), true;
      const Result<Time> time = parse_time(node.scalar);
      if (time) column.append(*time);
      return time.has_value();
    }
    case Type::string:
      column.append(std::string_view(node.scalar));
      return true;
    case Type::bytes: {
      const std::optional<std::string> bytes = from_base64(node.scalar);
      if (bytes) column.append(std::string_view(*bytes));
      return bytes.has_value();
    }
    case Type::float32_list:
    case Type::any:
      return false;
  }
  return false;
}

bool append_floats(const ConfigNode& node, ColumnBuilder& column) {
  if (node.kind != ConfigNode::Kind::list) return false;
  std::vector<float> values;
  for (const ConfigNode& item : node.items) {
    const auto value = item.kind == ConfigNode::Kind::scalar ? as_double(item) : std::nullopt;
    if (!value) return false;
    values.push_back(static_cast<float>(*value));
  }
  column.append(std::span<const float>(values));
  return true;
}

bool append_value(const ConfigNode& node, Type type, ColumnBuilder& column) {
  if (type == Type::any) {
    const Result<std::string> value = json_to_msgpack(yaml_to_json(node));
    if (value) column.append(std::string_view(*value));
    return value.has_value();
  }
  if (type == Type::float32_list) return append_floats(node, column);
  return node.kind == ConfigNode::Kind::scalar && append_scalar(node, type, column);
}

// What stands where a partial row names no value; never compared and never shown.
void append_placeholder(const Field& field, ColumnBuilder& column) {
  if (field.nullable) return column.append_null();
  switch (field.type) {
    case Type::boolean:
      return column.append(false);
    case Type::int64:
    case Type::timestamp:
      return column.append(std::int64_t{0});
    case Type::float64:
      return column.append(0.0);
    case Type::float32_list:
      return column.append(std::span<const float>());
    case Type::string:
    case Type::bytes:
      return column.append(std::string_view());
    case Type::any:
      return column.append(std::string_view("\xc0"));  // MessagePack's nil
  }
}

std::string_view wanted(Type type) {
  switch (type) {
    case Type::boolean:
      return "true or false";
    case Type::int64:
      return "an integer";
    case Type::float64:
      return "a number";
    case Type::timestamp:
      return "a time, such as 2026-01-01T00:00:00Z, or integer microseconds";
    case Type::bytes:
      return "base64 text";
    case Type::float32_list:
      return "a list of numbers";
    case Type::string:
    case Type::any:
      break;
  }
  return "a text";
}

class RowReader {
 public:
  RowReader(const SchemaPtr& schema, bool partial, Diagnostics& diagnostics)
      : schema_(schema), partial_(partial), diagnostics_(diagnostics), rows_(schema) {
    for (const Field& field : schema->fields()) names_.push_back(field.name);
  }

  void read(const ConfigNode& node, TestRows& out) {
    if (node.kind != ConfigNode::Kind::map)
      return diagnostics_.error(Code::wrong_type, node.place, "a row is a map from field to value", "",
                                "fields: " + schema_->text());
    check_names(node);
    std::vector<std::size_t> named;
    for (std::size_t at = 0; at < schema_->size(); ++at) {
      const ConfigNode* value = node.find((*schema_)[at].name);
      if (value != nullptr) named.push_back(at);
      append(node, value, (*schema_)[at], rows_.column(at));
    }
    out.places.push_back(node.place);
    if (partial_) out.named.push_back(std::move(named));
  }

  Batch finish() { return rows_.finish(); }

 private:
  void check_names(const ConfigNode& node) {
    for (const ConfigNode::Entry& entry : node.entries)
      if (!schema_->index_of(entry.key))
        diagnostics_.error(Code::unknown_field, entry.key_place,
                           fmt::format("no field named `{}`", entry.key), suggest(entry.key, names_),
                           "fields: " + schema_->text());
  }

  void append(const ConfigNode& row, const ConfigNode* value, const Field& field, ColumnBuilder& column) {
    const std::uint32_t before = column.row_count();
    if (value == nullptr) {
      if (!partial_ && !field.nullable)
        diagnostics_.error(
            Code::missing_value, row.place,
            fmt::format("`{}` is missing, and its type, {}, has no null", field.name, to_text(field.type)));
    } else if (value->kind == ConfigNode::Kind::null && field.type != Type::any) {
      if (!field.nullable)
        diagnostics_.error(
            Code::missing_value, value->place,
            fmt::format("`{}` is null, and its type, {}, has no null", field.name, to_text(field.type)));
      else
        column.append_null();
    } else if (!append_value(*value, field.type, column)) {
      diagnostics_.error(
          Code::wrong_type, value->place,
          fmt::format("`{}` is {}; this is not {}", field.name, to_text(field.type), wanted(field.type)));
    }
    if (column.row_count() == before) append_placeholder(field, column);
  }

  const SchemaPtr& schema_;
  bool partial_;
  Diagnostics& diagnostics_;
  BatchBuilder rows_;
  std::vector<std::string> names_;
};

}  // namespace

TestRows read_rows(const ConfigNode& node, const SchemaPtr& schema, bool partial, Diagnostics& diagnostics) {
  TestRows rows;
  if (node.kind != ConfigNode::Kind::list) {
    diagnostics.error(Code::wrong_type, node.place, "rows are a list of maps from field to value", "",
                      "`[]` means none");
    return rows;
  }
  RowReader reader(schema, partial, diagnostics);
  for (const ConfigNode& item : node.items) reader.read(item, rows);
  rows.batch = reader.finish();
  return rows;
}

std::string yaml_to_json(const ConfigNode& node) {
  std::string out;
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "null";
    case ConfigNode::Kind::scalar:
      if (!node.quoted && (node.scalar == "true" || node.scalar == "false")) return node.scalar;
      if (const auto value = as_int(node)) return std::to_string(*value);
      if (const auto value = as_double(node); value && std::isfinite(*value)) {
        out = fmt::format("{}", *value);
        return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
      }
      write_json_string(node.scalar, out);
      return out;
    case ConfigNode::Kind::list:
      for (const ConfigNode& item : node.items) out += (out.empty() ? "" : ",") + yaml_to_json(item);
      return "[" + out + "]";
    case ConfigNode::Kind::map:
      for (const ConfigNode::Entry& entry : node.entries) {
        if (!out.empty()) out += ',';
        write_json_string(entry.key, out);
        out += ":" + yaml_to_json(entry.value);
      }
      return "{" + out + "}";
  }
  return out;
}

}  // namespace leat
