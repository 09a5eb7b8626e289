#include "topology/reader.hpp"

#include <fmt/format.h>

namespace leat {

SchemaPtr Reader::find_schema(const ConfigNode& name) {
  const auto found = topology_.schemas.find(name.scalar);
  if (found != topology_.schemas.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, schema] : topology_.schemas) names.push_back(known);
  diagnostics_.error(
      Code::unknown_schema, name.place, fmt::format("no schema named `{}`", name.scalar),
      suggest(name.scalar, names),
      names.empty() ? "declare it under `schemas:`" : fmt::format("schemas: {}", fmt::join(names, ", ")));
  return nullptr;
}

std::string Reader::resolve(std::string_view path) const {
  if (path.starts_with('/') || path == "-") return std::string(path);
  return topology_.folder + "/" + std::string(path);
}

std::string Reader::resolve_written(std::string_view path) const {
  if (options_.written_dir.empty()) return resolve(path);
  if (path == "-") return options_.written_dir + "/standard-output";
  return options_.written_dir + "/" + std::string(path);
}

bool Reader::check_name(const std::string& name, const Place& place, std::string_view what) {
  bool good = !name.empty() && name.front() >= 'a' && name.front() <= 'z';
  for (const char c : name)
    good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
  if (!good)
    diagnostics_.error(Code::bad_name, place,
                       fmt::format("`{}` can't name {}; use a-z, 0-9, _ and -, a letter first", name, what));
  return good;
}

namespace {

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (int type = 1; type <= 8; ++type) names.emplace_back(to_text(static_cast<Type>(type)));
  return names;
}

// What other systems call our types.
std::string other_name(std::string_view type) {
  constexpr std::pair<std::string_view, Type> kNames[] = {
      {"int", Type::int64},      {"integer", Type::int64},      {"long", Type::int64},
      {"float", Type::float64},  {"number", Type::float64},     {"text", Type::string},
      {"str", Type::string},     {"binary", Type::bytes},       {"time", Type::timestamp},
      {"date", Type::timestamp}, {"datetime", Type::timestamp}, {"vector", Type::float32_list},
      {"json", Type::any},       {"object", Type::any},         {"map", Type::any}};
  for (const auto& [name, value] : kNames)
    if (name == type) return fmt::format("did you mean `{}`?", to_text(value));
  return {};
}

std::optional<Field> read_field(const ConfigNode::Entry& entry, Reader& reader) {
  if (entry.value.kind != ConfigNode::Kind::scalar) {
    detail::wrong_type(entry.value, "a type, such as `string` or `float64?`", reader);
    return std::nullopt;
  }
  std::string text = entry.value.scalar;
  const bool nullable = text.ends_with('?');
  if (nullable) text.pop_back();
  const auto type = parse_type(text);
  if (!type) {
    const auto names = type_names();
    const std::string hint = other_name(text);
    reader.diagnostics().error(Code::bad_value, entry.value.place, fmt::format("no type named `{}`", text),
                               hint.empty() ? suggest(text, names) : hint,
                               fmt::format("types: {}; `?` behind allows null", fmt::join(names, ", ")));
    return std::nullopt;
  }
  return Field{entry.key, *type, nullable};
}

}  // namespace

void read_schemas(const ConfigNode& node, Reader& reader) {
  if (node.kind != ConfigNode::Kind::map) return detail::wrong_type(node, "a map of schemas", reader);
  for (const ConfigNode::Entry& entry : node.entries) {
    reader.check_name(entry.key, entry.key_place, "a schema");
    if (entry.value.kind != ConfigNode::Kind::map) {
      detail::wrong_type(entry.value, "a map of fields and types", reader);
      continue;
    }
    std::vector<Field> fields;
    for (const ConfigNode::Entry& field : entry.value.entries)
      if (auto read = read_field(field, reader)) fields.push_back(*std::move(read));
    reader.topology().schemas[entry.key] = Schema::make(std::move(fields), entry.key);
  }
}

}  // namespace leat
