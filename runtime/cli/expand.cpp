#include <fmt/format.h>

#include "cli/common.hpp"

namespace leat::cli {
namespace {

std::string scalar_text(const ConfigNode& node, const std::vector<std::string>& secrets) {
  if (node.kind == ConfigNode::Kind::null) return "null";
  const std::string text = mask_secrets(node.scalar, secrets);
  const bool plain = !node.quoted && !text.empty() &&
                     text.find_first_of(":#{}[]&*!|>'\"%@`,\n") == std::string::npos && text.front() != ' ' &&
                     text.front() != '-' && text.front() != '?' && text.back() != ' ';
  return plain ? text : json_text(text);  // a JSON string is a YAML string
}

void print_node(const ConfigNode& node, int depth, const std::vector<std::string>& secrets) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  const auto inline_or_below = [&](const ConfigNode& value) {
    const bool empty_list = value.kind == ConfigNode::Kind::list && value.items.empty();
    const bool empty_map = value.kind == ConfigNode::Kind::map && value.entries.empty();
    if (value.kind == ConfigNode::Kind::scalar || value.kind == ConfigNode::Kind::null || empty_list ||
        empty_map) {
      fmt::print(" {}\n", empty_list ? "[]" : empty_map ? "{}" : scalar_text(value, secrets));
      return;
    }
    fmt::print("\n");
    print_node(value, depth + 1, secrets);
  };
  for (const ConfigNode::Entry& entry : node.entries) {
    fmt::print("{}{}:", indent, entry.key == "*" ? "\"*\"" : entry.key);
    inline_or_below(entry.value);
  }
  for (const ConfigNode& item : node.items) {
    fmt::print("{}-", indent);
    inline_or_below(item);
  }
}

// A kind's options with their defaults, for those the file leaves out.
void add_defaults(ConfigNode& actor, const Registry& registry) {
  const ConfigNode* name = actor.find("kind");
  const Kind* kind = name != nullptr ? registry.find(name->scalar) : nullptr;
  if (kind == nullptr) return;
  for (const FieldSpec& field : kind->fields) {
    if (field.info.default_text.empty() || field.info.shape != FieldInfo::Shape::scalar ||
        actor.find(field.info.name) != nullptr)
      continue;
    ConfigNode value;
    value.kind = ConfigNode::Kind::scalar;
    value.scalar = field.info.default_text;
    actor.entries.push_back({field.info.name, {}, std::move(value)});
  }
}

}  // namespace

int expand(const TopologyArguments& arguments) {
  Registry registry;
  Diagnostics diagnostics;
  int exit = kOk;
  auto topology = load(arguments, registry, diagnostics, exit);
  print_diagnostics(diagnostics, Format::text);
  if (!topology) return exit;
  for (ConfigNode::Entry& section : topology->source.entries)
    if (section.key == "actors")
      for (ConfigNode::Entry& actor : section.value.entries) add_defaults(actor.value, registry);
  print_node(topology->source, 0, topology->secrets);
  return kOk;
}

}  // namespace leat::cli
