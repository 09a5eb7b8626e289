#include "topology/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "topology/reader.hpp"
#include "topology/substitution.hpp"
#include "topology/yaml_reader.hpp"

namespace leat {
namespace {

constexpr std::uint32_t kBatchAuto = 4096;
constexpr std::size_t kFileBytesMax = (1u << 20) + 1;  // one more than allowed: the YAML reader says so

void read_checkpoint(const ConfigNode& root, const TopologyOptions& options, Reader& reader) {
  Topology& topology = reader.topology();
  const CheckpointOptions checkpoint = options.checkpoint.value_or(CheckpointOptions{});
  topology.checkpoint = {checkpoint.every, checkpoint.keep, checkpoint.path.text};
  if (checkpoint.path.text.empty())
    topology.checkpoint.path = topology.folder + "/var/checkpoints/" + options.topology;
  const ConfigNode* node = root.find("checkpoint");
  if (node == nullptr) return;
  if (checkpoint.every < std::chrono::milliseconds(10))
    reader.diagnostics().error(Code::bad_value, node->place, "`checkpoint.every` is at least 10ms");
  if (checkpoint.keep == 0)
    reader.diagnostics().error(Code::bad_value, node->place, "`checkpoint.keep` is at least 1");
  if (options.delivery == Delivery::best_effort)
    reader.diagnostics().error(Code::bad_value, node->place,
                               "`delivery: best_effort` makes no checkpoints; remove `checkpoint`, or choose "
                               "`at_least_once` or `exactly_once`");
}

void read_settings(const ConfigNode& root, Reader& reader) {
  Topology& topology = reader.topology();
  TopologyOptions options;
  read_fields(root, topology_fields().list(), &options, reader, kTopologySections);
  if (const ConfigNode* name = root.find("topology");
      name != nullptr && name->kind == ConfigNode::Kind::scalar)
    reader.check_name(options.topology, name->place, "a topology");
  topology.name = options.topology;
  topology.delivery = options.delivery;
  read_checkpoint(root, options, reader);
  topology.linger = options.linger;
  topology.poll = options.poll;
  topology.batch_auto = options.batch == "auto";
  topology.batch_rows = kBatchAuto;
  if (!topology.batch_auto) {
    const Result<Rows> rows = parse_rows(options.batch);
    if (!rows || rows->count == 0 || rows->count > Batch::kRowsMax)
      reader.diagnostics().error(Code::bad_value, root.find("batch")->place,
                                 fmt::format("`batch` is `auto` or 1 to {} rows", Batch::kRowsMax));
    else
      topology.batch_rows = static_cast<std::uint32_t>(rows->count);
  }
}

// `--plugin` first, then `plugins:`.
void load_plugins(const ConfigNode& root, Reader& reader, Registry& registry, const LoadOptions& load) {
  const auto add = [&](const std::string& path, const Place& place) {
    Status loaded = load_plugin(path, registry);
    if (loaded) return;
    reader.set_plugin_missing();
    reader.diagnostics().error(loaded.error().code, place,
                               fmt::format("{}: {}", loaded.error().place, loaded.error().message));
  };
  for (const std::string& plugin : load.plugins) add(std::filesystem::absolute(plugin), {});
  const ConfigNode* plugins = root.find("plugins");
  if (plugins == nullptr) return;
  if (plugins->kind == ConfigNode::Kind::scalar) add(reader.resolve(plugins->scalar), plugins->place);
  for (const ConfigNode& item : plugins->items)
    if (item.kind == ConfigNode::Kind::scalar) add(reader.resolve(item.scalar), item.place);
}

// What the tests say is read by runtime/testing: a bad test must not keep a topology from running.
void check_tests(const ConfigNode& root, Diagnostics& diagnostics) {
  const ConfigNode* tests = root.find("tests");
  if (tests != nullptr && tests->kind != ConfigNode::Kind::list && tests->kind != ConfigNode::Kind::scalar)
    diagnostics.error(Code::wrong_type, tests->place, "`tests` is a list of tests, or a file with one");
}

// `replace`: what is wrong with the text itself has no place in the file.
void replace_actors(ConfigNode& root, const LoadOptions& options, Diagnostics& diagnostics) {
  if (options.replace.empty()) return;
  const auto name = std::make_shared<const std::string>("--replace");
  const auto actors = std::ranges::find(root.entries, "actors", &ConfigNode::Entry::key);
  if (actors == root.entries.end()) return;  // reported
  for (const auto& [actor, text] : options.replace) {
    auto& entries = actors->value.entries;
    const auto entry = std::ranges::find(entries, actor, &ConfigNode::Entry::key);
    if (entry == entries.end()) {
      std::vector<std::string> names;
      for (const ConfigNode::Entry& other : entries) names.push_back(other.key);
      diagnostics.error(Code::unknown_actor, {name, 0, 0, 0}, fmt::format("no actor named `{}`", actor),
                        suggest(actor, names));
      continue;
    }
    ConfigNode node = read_yaml(text, name, diagnostics);
    if (node.kind == ConfigNode::Kind::map) {
      const ConfigNode::Entry* inputs = entry->value.find_entry("inputs");
      if (inputs != nullptr && node.find("inputs") == nullptr) node.entries.push_back(*inputs);
      entry->value = std::move(node);
      continue;
    }
    std::erase_if(entry->value.entries, [](const ConfigNode::Entry& option) { return option.key == "kind"; });
    entry->value.entries.push_back({"kind", node.place, std::move(node)});
  }
}

// Passes on what was found. A secret may have got into a message that shows a bad value; and where a variable
// has no value, complaints about the empty text in its place help nobody.
void add_masked(const Diagnostics& found, const std::vector<Diagnostic>& unset,
                const std::vector<std::string>& secrets, Diagnostics& out) {
  const auto same_place = [](const Diagnostic& a, const Diagnostic& b) {
    return a.place.line == b.place.line && a.place.column == b.place.column;
  };
  for (Diagnostic diagnostic : found.sorted()) {
    const auto variable =
        std::ranges::find_if(unset, [&](const Diagnostic& d) { return same_place(d, diagnostic); });
    if (variable != unset.end() && variable->message != diagnostic.message) continue;
    diagnostic.message = mask_secrets(std::move(diagnostic.message), secrets);
    diagnostic.suggestion = mask_secrets(std::move(diagnostic.suggestion), secrets);
    diagnostic.note = mask_secrets(std::move(diagnostic.note), secrets);
    out.add(std::move(diagnostic));
  }
}

void read_root(const ConfigNode& root, Reader& reader, Registry& registry, const LoadOptions& options) {
  Diagnostics& diagnostics = reader.diagnostics();
  if (root.kind != ConfigNode::Kind::map)
    return diagnostics.error(Code::wrong_type, root.place,
                             "a topology is a map that begins with `topology: NAME`");
  read_settings(root, reader);
  load_plugins(root, reader, registry, options);
  check_tests(root, diagnostics);
  if (const ConfigNode* schemas = root.find("schemas")) read_schemas(*schemas, reader);
  const ConfigNode* actors = root.find("actors");
  if (actors == nullptr) {
    std::vector<std::string> known(std::begin(kTopologySections), std::end(kTopologySections));
    if (find_misspelt(root, "actors", known) == nullptr)
      diagnostics.error(Code::missing_key, root.place,
                        "`actors` is missing: a topology needs at least one actor");
    return;
  }
  std::vector<ActorDraft> drafts = read_actors(*actors, registry, reader);
  link_actors(drafts, reader);
  describe_actors(drafts, reader);
  read_deploy(root, reader);
}

}  // namespace

std::optional<Topology> load_topology_text(const std::string& text, const std::string& file,
                                           Registry& registry, Diagnostics& diagnostics,
                                           const LoadOptions& options) {
  Topology topology;
  topology.file = file;
  topology.folder = std::filesystem::absolute(file).parent_path();
  const auto shared_name = std::make_shared<const std::string>(file);
  topology.place = {shared_name, 1, 1, 1};
  Diagnostics found;
  std::vector<Diagnostic> unset;
  topology.source = read_yaml(text, shared_name, found);
  if (found.ok()) {
    const SourceText source(text);
    substitute(topology.source, options, topology.secrets, found);
    unset = found.sorted();
    replace_actors(topology.source, options, found);
    Reader reader(topology, source, options, found);
    read_root(topology.source, reader, registry, options);
  }
  add_masked(found, unset, topology.secrets, diagnostics);
  if (!found.ok()) return std::nullopt;
  return topology;
}

std::optional<Topology> load_topology(const std::string& path, Registry& registry, Diagnostics& diagnostics,
                                      const LoadOptions& options) {
  std::error_code ignored;
  const std::string file = std::filesystem::is_directory(path, ignored)
                               ? (std::filesystem::path(path) / "topology.yaml").string()
                               : path;
  std::ifstream stream(file);
  if (!stream) {
    const bool exists = std::filesystem::exists(file, ignored);
    diagnostics.error(exists ? Code::unreadable_file : Code::input_missing,
                      {std::make_shared<const std::string>(file), 0, 0, 0},
                      exists ? "the file can't be read; check its rights"
                             : "no such file; name a topology file or a folder with a topology.yaml");
    return std::nullopt;
  }
  std::string text(kFileBytesMax, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return load_topology_text(text, file, registry, diagnostics, options);
}

}  // namespace leat
