#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "cli/common.hpp"
#include "testing/test_options.hpp"
#include "topology/options.hpp"

namespace leat::cli {
namespace {

// JSON Schema of one option. Text with units stays a string: editors complete names, `leat validate` checks
// values.
std::string field_schema(const FieldInfo& field);

// `special`: schemas by field name, where the declared type says too little.
std::string object_schema(const std::vector<FieldInfo>& fields, const std::string& more_properties,
                          const std::map<std::string, std::string>& special = {}) {
  std::string properties = more_properties, required;
  for (const FieldInfo& field : fields) {
    const auto own = special.find(field.name);
    properties += fmt::format("{}{}:{}", properties.empty() ? "" : ",", json_text(field.name),
                              own != special.end() ? own->second : field_schema(field));
    if (field.required) required += (required.empty() ? "" : ",") + json_text(field.name);
  }
  return fmt::format(
      "{{\"type\":\"object\",\"properties\":{{{}}},\"required\":[{}],\"additionalProperties\":false}}",
      properties, required);
}

std::string type_schema(const FieldInfo& field) {
  if (!field.choices.empty()) {
    std::string names;
    for (const std::string& name : field.choices) {
      names += (names.empty() ? "" : ",") + json_text(name);
      if (name == "null") names += ",null";  // as YAML reads it without quotes
    }
    return fmt::format("\"enum\":[{}]", names);
  }
  if (field.type == "true or false") return "\"type\":\"boolean\"";
  if (field.type == "integer") return "\"type\":\"integer\"";
  if (field.type == "integer >= 0") return "\"type\":\"integer\",\"minimum\":0";
  if (field.type == "number") return "\"type\":\"number\"";
  // Options with a short form and a long one say so:
  // "port, or map", "expression, list of expression, or map".
  if (field.type.find("map") != std::string::npos || field.type.find('{') != std::string::npos)
    return "\"type\":[\"string\",\"number\",\"boolean\",\"array\",\"object\"]";
  return "\"type\":[\"string\",\"number\",\"boolean\"]";
}

std::string field_schema(const FieldInfo& field) {
  const std::string doc = json_text(field.doc);
  switch (field.shape) {
    case FieldInfo::Shape::group: {
      std::string schema = object_schema(field.nested, "");
      schema.insert(1, fmt::format("\"description\":{},", doc));
      return schema;
    }
    case FieldInfo::Shape::list:
      return fmt::format("{{\"description\":{},\"type\":[\"array\",\"string\"]}}", doc);
    case FieldInfo::Shape::map:
      if (!field.type.starts_with("map")) break;  // it has a short form too
      return fmt::format("{{\"description\":{},\"type\":\"object\"}}", doc);
    case FieldInfo::Shape::scalar:
      break;
  }
  return fmt::format("{{\"description\":{},{}}}", doc, type_schema(field));
}

template <class Specs>
std::vector<FieldInfo> infos(const Specs& specs) {
  std::vector<FieldInfo> list;
  list.reserve(std::size(specs));
  for (const FieldSpec& spec : specs) list.push_back(spec.info);
  return list;
}

std::string kind_schema(const Kind& kind) {
  std::vector<FieldInfo> fields = infos(kind.fields);
  std::ranges::move(infos(actor_fields().list()), std::back_inserter(fields));
  const std::string own = fmt::format(
      "\"kind\":{{\"const\":{},\"description\":{}}}{}", json_text(kind.info.name), json_text(kind.info.doc),
      kind.source ? "" : ",\"inputs\":{\"type\":[\"array\",\"object\",\"string\"]}");
  return object_schema(fields, own);
}

// A list of tests, or the name of a file with one.
std::string tests_schema() {
  const std::string rows = R"({"type":"array","items":{"type":"object"}})";
  const std::string step = object_schema(infos(step_fields().list()), "",
                                         {{"rows", rows},
                                          {"partial", rows},
                                          {"count", R"({"type":"integer","minimum":0})"},
                                          {"watermark", R"({"type":["string","object"]})"},
                                          {"end", R"({"type":["array","string","null"]})"}});
  const std::string stub =
      object_schema(infos(stub_fields().list()), "", {{"reply", R"({"type":["object","array"]})"}});
  const std::string test = object_schema(
      infos(test_fields().list()), "",
      {{"steps", fmt::format(R"({{"type":"array","items":{}}})", step)},
       {"stub",
        fmt::format(R"({{"type":"object","additionalProperties":{{"anyOf":[{},{{"type":"null"}}]}}}})",
                    stub)}});
  return fmt::format(R"({{"type":["array","string"],"items":{}}})", test);
}

}  // namespace

int schema(const ListArguments& arguments) {
  Registry registry;
  if (!fill_registry(registry, arguments.plugins)) return kInvalid;
  std::string kinds, names;
  for (const auto& [name, kind] : registry.kinds()) {
    names += (names.empty() ? "" : ",") + json_text(name);
    kinds += fmt::format("{}{{\"if\":{{\"properties\":{{\"kind\":{{\"const\":{}}}}}}},\"then\":{}}}",
                         kinds.empty() ? "" : ",", json_text(name), kind_schema(kind));
  }
  const std::string actor = fmt::format(
      "{{\"type\":\"object\",\"required\":[\"kind\"],\"properties\":{{\"kind\":{{\"enum\":[{}]}}}},\"allOf\":"
      "[{}]}}",
      names, kinds);
  const std::string sections = fmt::format(
      "\"schemas\":{{\"type\":\"object\",\"additionalProperties\":{{\"type\":\"object\","
      "\"additionalProperties\":{{\"type\":\"string\"}}}}}},"
      "\"actors\":{{\"type\":\"object\",\"additionalProperties\":{}}},\"deploy\":{},\"tests\":{}",
      actor, object_schema(infos(deploy_fields().list()), ""), tests_schema());
  std::string root = object_schema(infos(topology_fields().list()), sections);
  root.insert(1, "\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"Leat topology\",");
  fmt::print("{}\n", root);
  return kOk;
}

}  // namespace leat::cli
