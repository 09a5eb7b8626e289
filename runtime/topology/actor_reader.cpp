// `actors:` to specs and links: everything that can be said before schemas are known.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "topology/reader.hpp"

namespace leat {
namespace {

constexpr std::array<std::string_view, 8> kCommonKeys{"kind",   "inputs", "instances", "fuse",
                                                      "worker", "was",    "discard",   "event_time"};
constexpr std::uint32_t kInstancesMax = 128;  // key groups: more instances could never get a key

bool is_common(std::string_view key) {
  return std::ranges::find(kCommonKeys, key) != kCommonKeys.end();
}

// The entries of a map that `keep` chooses, as a map of their own.
ConfigNode part_of(const ConfigNode& node, bool common) {
  ConfigNode part = node;
  std::erase_if(part.entries, [&](const ConfigNode::Entry& entry) {
    return is_common(entry.key) != common || entry.key == "kind" || entry.key == "inputs";
  });
  return part;
}

void read_input(const ConfigNode& node, std::uint8_t to_port, ActorDraft& draft, Reader& reader) {
  InputDraft input;
  input.place = node.place;
  input.to_port = to_port;
  if (node.kind == ConfigNode::Kind::scalar) {
    input.options.from = node.scalar;
  } else {
    const std::size_t before = reader.diagnostics().error_count();
    read_fields(node, link_fields().list(), &input.options, reader);
    if (const ConfigNode* from = node.find("from")) input.place = from->place;
    input.key = node.find("key");
    if (input.key != nullptr && input.options.route != Route::spread)
      reader.diagnostics().error(Code::bad_value, input.key->place,
                                 "`key` and `route` exclude each other; remove one");
    if (input.key != nullptr) input.options.route = Route::key;
    draft.broken |= reader.diagnostics().error_count() != before;
  }
  if (!input.options.from.empty()) draft.inputs.push_back(std::move(input));
}

void read_input_list(const ConfigNode& node, std::uint8_t to_port, ActorDraft& draft, Reader& reader) {
  if (node.kind == ConfigNode::Kind::scalar) return read_input(node, to_port, draft, reader);
  if (node.kind != ConfigNode::Kind::list)
    return detail::wrong_type(node, "a list of actors, like `[headlines]`", reader);
  for (const ConfigNode& item : node.items) read_input(item, to_port, draft, reader);
}

void add_keys(const Kind& kind, std::vector<std::string>& keys) {
  for (const FieldSpec& field : kind.fields) keys.push_back(field.info.name);
}

std::vector<std::string> known_keys(const Kind& kind) {
  std::vector<std::string> keys(kCommonKeys.begin(), kCommonKeys.end());
  add_keys(kind, keys);
  return keys;
}

// What may stand in an actor of whatever kind.
std::vector<std::string> all_keys(const Registry& registry) {
  std::vector<std::string> keys(kCommonKeys.begin(), kCommonKeys.end());
  for (const auto& [name, kind] : registry.kinds()) add_keys(kind, keys);
  return keys;
}

void read_inputs(const ConfigNode& actor, const Kind& kind, ActorDraft& draft, Reader& reader) {
  const auto* entry = actor.find_entry("inputs");
  Diagnostics& diagnostics = reader.diagnostics();
  if (kind.source) {
    if (entry != nullptr)
      diagnostics.error(Code::wrong_inputs, entry->key_place,
                        fmt::format("`{}` is a source and has no inputs; remove `inputs:`", kind.info.name));
    return;
  }
  if (entry == nullptr) {
    draft.broken = true;
    if (find_misspelt(actor, "inputs", known_keys(kind)) != nullptr) return;
    return diagnostics.error(
        Code::missing_key, actor.place,
        fmt::format("`inputs` is missing: a `{}` needs rows from another actor", kind.info.name));
  }
  if (entry->value.kind != ConfigNode::Kind::map || kind.inputs.size() == 1) {
    read_input_list(entry->value, 0, draft, reader);
  } else {
    std::vector<std::string> names;
    for (const Port& port : kind.inputs) names.emplace_back(port.name);
    for (const ConfigNode::Entry& port : entry->value.entries) {
      const auto found = std::ranges::find(kind.inputs, std::string_view(port.key), &Port::name);
      if (found == kind.inputs.end())
        diagnostics.error(Code::unknown_port, port.key_place,
                          fmt::format("`{}` has no input `{}`", kind.info.name, port.key),
                          suggest(port.key, names), fmt::format("inputs: {}", fmt::join(names, ", ")));
      else
        read_input_list(port.value, found->index, draft, reader);
    }
  }
  if (draft.inputs.empty() && !draft.broken) {
    draft.broken = true;
    diagnostics.error(Code::wrong_inputs, entry->value.place,
                      fmt::format("a `{}` needs at least one input", kind.info.name));
  }
}

const Kind* find_kind(const ConfigNode& actor, const Registry& registry, Reader& reader) {
  Diagnostics& diagnostics = reader.diagnostics();
  const ConfigNode* name = actor.find("kind");
  if (name == nullptr) {
    if (const auto* typo = find_misspelt(actor, "kind", all_keys(registry)))
      diagnostics.error(Code::unknown_key, typo->key_place, fmt::format("unknown key `{}`", typo->key),
                        "did you mean `kind`?");
    else
      diagnostics.error(Code::missing_key, actor.place, "`kind` is missing: it says what the actor does", "",
                        "`leat list` shows all kinds");
    return nullptr;
  }
  if (name->kind != ConfigNode::Kind::scalar) {
    detail::wrong_type(*name, "the name of a kind", reader);
    return nullptr;
  }
  const Kind* kind = registry.find(name->scalar);
  if (kind == nullptr && !reader.plugin_missing())
    diagnostics.error(Code::unknown_kind, name->place, fmt::format("no kind named `{}`", name->scalar),
                      suggest(name->scalar, registry.names()), "`leat list` shows all kinds");
  return kind;
}

void check_options(const ConfigNode& node, const Kind& kind, const ActorDraft& draft, Reader& reader) {
  Diagnostics& diagnostics = reader.diagnostics();
  if (draft.options.instances == 0 || draft.options.instances > kInstancesMax)
    diagnostics.error(Code::bad_value, node.find("instances")->place,
                      fmt::format("`instances` is 1 to {}", kInstancesMax));
  if (draft.options.event_time && !kind.source)
    diagnostics.error(
        Code::unknown_key, node.find_entry("event_time")->key_place,
        fmt::format("`event_time` belongs to sources; `{}` takes it from its inputs", kind.info.name));
  if (!draft.options.worker.empty())
    reader.check_name(draft.options.worker, node.find("worker")->place, "a worker");
}

}  // namespace

std::vector<ActorDraft> read_actors(const ConfigNode& node, const Registry& registry, Reader& reader) {
  std::vector<ActorDraft> drafts;
  if (node.kind != ConfigNode::Kind::map) {
    detail::wrong_type(node, "a map of actors", reader);
    return drafts;
  }
  if (node.entries.empty())
    reader.diagnostics().error(Code::missing_key, node.place, "a topology needs at least one actor");
  for (const ConfigNode::Entry& entry : node.entries) {
    ActorDraft draft;
    draft.node = &entry.value;
    ActorSpec spec;
    spec.name = entry.key;
    spec.place = entry.key_place;
    draft.broken = !reader.check_name(entry.key, entry.key_place, "an actor");
    if (entry.value.kind != ConfigNode::Kind::map) {
      detail::wrong_type(entry.value, "a map with the actor's `kind` and options", reader);
      draft.broken = true;
    } else if (spec.kind = find_kind(entry.value, registry, reader); spec.kind == nullptr) {
      draft.broken = true;
      // Whatever the kind is, its inputs must exist.
      const ConfigNode* inputs = entry.value.find("inputs");
      if (inputs != nullptr && inputs->kind == ConfigNode::Kind::list)
        read_input_list(*inputs, 0, draft, reader);
    } else {
      const std::size_t before = reader.diagnostics().error_count();
      read_fields(part_of(entry.value, true), actor_fields().list(), &draft.options, reader);
      read_inputs(entry.value, *spec.kind, draft, reader);
      check_options(entry.value, *spec.kind, draft, reader);
      spec.config = spec.kind->configure(part_of(entry.value, false), *spec.kind, reader, kCommonKeys);
      draft.broken |= reader.diagnostics().error_count() != before;
    }
    spec.instances = std::clamp<std::uint32_t>(draft.options.instances, 1, kInstancesMax);
    spec.fuse = draft.options.fuse;
    spec.worker = draft.options.worker;
    spec.was = draft.options.was;
    spec.discard = draft.options.discard;
    if (spec.kind != nullptr)
      for (const Port& port : spec.kind->outputs) spec.outputs.push_back({std::string(port.name), nullptr});
    drafts.push_back(std::move(draft));
    reader.topology().actors.push_back(std::move(spec));
  }
  return drafts;
}

}  // namespace leat
