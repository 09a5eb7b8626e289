#include "aggregate/compute.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

const FunctionInfo* find_function(std::string_view name) {
  const auto functions = all_functions();
  const auto found = std::ranges::find(functions, name, &FunctionInfo::name);
  return found == functions.end() ? nullptr : &*found;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const FunctionInfo& info : all_functions()) names.emplace_back(info.name);
  return names;
}

void unknown_function(const Place& place, std::string_view name, ReadContext& context) {
  const std::vector<std::string> names = function_names();
  context.diagnostics().error(Code::unknown_function, place, fmt::format("no function named `{}`", name),
                              suggest(name, names), fmt::format("functions: {}", fmt::join(names, ", ")));
}

bool takes(FunctionName function, std::string_view setting) {
  switch (function) {
    case FunctionName::quantile:
      return setting == "at";
    case FunctionName::top_k:
      return setting == "k" || setting == "track";
    case FunctionName::count_distinct:
      return setting == "exact";
    case FunctionName::collect:
      return setting == "max";
    default:
      return false;
  }
}

void read_setting(std::string_view name, const ConfigNode& node, FunctionSettings& settings,
                  ReadContext& context) {
  if (name == "at") {
    FieldTraits<double>::read(node, settings.at, context);
    if (settings.at < 0 || settings.at > 1)
      context.diagnostics().error(Code::bad_value, node.place,
                                  "a quantile is 0 to 1: the 99th percentile is 0.99");
    return;
  }
  std::uint32_t& value = name == "k"       ? settings.k
                         : name == "track" ? settings.track
                         : name == "exact" ? settings.exact
                                           : settings.values_max;
  FieldTraits<std::uint32_t>::read(node, value, context);
  if (value == 0 || value > 1'000'000)
    context.diagnostics().error(Code::bad_value, node.place, fmt::format("`{}` is 1 to 1000000", name));
}

void read_map(const ConfigNode& node, Computation& value, ReadContext& context) {
  const FunctionInfo* function = nullptr;
  for (const ConfigNode::Entry& entry : node.entries)
    if (function == nullptr) function = find_function(entry.key);
  std::vector<std::string> known{"where"};
  if (function == nullptr) {
    const std::string found = node.entries.empty() ? "nothing" : node.entries.front().key;
    return unknown_function(node.entries.empty() ? node.place : node.entries.front().key_place, found,
                            context);
  }
  value.function = function->function;
  known.emplace_back(function->name);
  for (const std::string_view setting : {"at", "k", "track", "exact", "max"})
    if (takes(value.function, setting)) known.emplace_back(setting);
  for (const ConfigNode::Entry& entry : node.entries) {
    if (entry.key == function->name)
      FieldTraits<Expression>::read(entry.value, value.argument, context);
    else if (entry.key == "where")
      FieldTraits<Expression>::read(entry.value, value.where, context);
    else if (takes(value.function, entry.key))
      read_setting(entry.key, entry.value, value.settings, context);
    else
      context.diagnostics().error(Code::unknown_key, entry.key_place,
                                  fmt::format("`{}` has no setting `{}`", function->name, entry.key),
                                  suggest(entry.key, known),
                                  fmt::format("known: {}", fmt::join(known, ", ")));
  }
}

}  // namespace

void FieldTraits<Computation>::describe(FieldInfo& info) {
  info.type = "function";
}

void FieldTraits<Computation>::read(const ConfigNode& node, Computation& value, ReadContext& context) {
  value.place = node.place;
  if (node.kind == ConfigNode::Kind::map) return read_map(node, value, context);
  if (node.kind != ConfigNode::Kind::scalar)
    return detail::wrong_type(node, "`count`, or a map such as `{ sum: amount }`", context);
  const FunctionInfo* function = find_function(node.scalar);
  if (function == nullptr) return unknown_function(node.place, node.scalar, context);
  value.function = function->function;
  if (value.function != FunctionName::count)
    context.diagnostics().error(Code::wrong_type, node.place,
                                fmt::format("`{}` needs to know of what", node.scalar),
                                fmt::format("write `{{ {}: EXPRESSION }}`", node.scalar));
}

std::string FieldTraits<Computation>::show(const Computation&) {
  return {};
}

void FieldTraits<KeyFields>::describe(FieldInfo& info) {
  info.type = "field, list of fields, or map of names to expression";
  info.shape = FieldInfo::Shape::map;
}

void FieldTraits<KeyFields>::read(const ConfigNode& node, KeyFields& value, ReadContext& context) {
  value.list.clear();
  if (node.kind == ConfigNode::Kind::map)
    return FieldTraits<Named<Expression>>::read(node, value.list, context);
  std::vector<Expression> fields;
  FieldTraits<std::vector<Expression>>::read(node, fields, context);
  for (Expression& field : fields) {
    const std::string name = field.text();
    value.list.emplace_back(name, std::move(field));
  }
}

std::string FieldTraits<KeyFields>::show(const KeyFields&) {
  return {};
}

}  // namespace leat
