#include "topology/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "topology/reader.hpp"
#include "topology/substitution.hpp"
#include "topology/yaml_reader.hpp"

namespace leat {
namespace {

constexpr std::uint32_t kBatchAuto = 1024;

void check_delivery(const ConfigNode& root, const TopologyOptions& options, Diagnostics& diagnostics) {
  const ConfigNode* delivery = root.find("delivery");
  if (delivery == nullptr || options.delivery == "best_effort")
    return;  // a missing one is reported as missing
  const bool planned = options.delivery == "exactly_once" || options.delivery == "at_least_once";
  const std::vector<std::string> values{"best_effort"};
  diagnostics.error(planned ? Code::feature_missing : Code::bad_value, delivery->place,
                    planned
                        ? fmt::format("`delivery: {}` needs checkpoints, which this version does not have",
                                      options.delivery)
                        : fmt::format("`{}` is not a delivery promise", options.delivery),
                    planned ? "write `delivery: best_effort`" : suggest(options.delivery, values));
}

void read_settings(const ConfigNode& root, Reader& reader, Registry& registry, const LoadOptions& load) {
  Topology& topology = reader.topology();
  TopologyOptions options;
  read_fields(root, topology_fields().list(), &options, reader, kTopologySections);
  check_delivery(root, options, reader.diagnostics());
  if (const ConfigNode* name = root.find("topology"))
    reader.check_name(options.topology, name->place, "a topology");
  topology.name = options.topology;
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
  for (const std::string& plugin : load.plugins)
    if (Status loaded = load_plugin(std::filesystem::absolute(plugin), registry); !loaded)
      reader.diagnostics().error(loaded.error().code, {}, loaded.error().text());
  const ConfigNode* plugins = root.find("plugins");
  for (std::size_t at = 0; at < options.plugins.size() && plugins != nullptr; ++at)
    if (Status loaded = load_plugin(options.plugins[at].text, registry); !loaded)
      reader.diagnostics().error(loaded.error().code,
                                 at < plugins->items.size() ? plugins->items[at].place : plugins->place,
                                 loaded.error().text());
}

void read_root(const ConfigNode& root, Reader& reader, Registry& registry, const LoadOptions& options) {
  Diagnostics& diagnostics = reader.diagnostics();
  const Place start = root.place.known() ? root.place : Place{root.place.file, 1, 1, 1};
  if (root.kind != ConfigNode::Kind::map)
    return diagnostics.error(Code::wrong_type, start,
                             "a topology is a map that begins with `topology: NAME`");
  read_settings(root, reader, registry, options);
  if (const ConfigNode* schemas = root.find("schemas")) read_schemas(*schemas, reader);
  const ConfigNode* actors = root.find("actors");
  if (actors == nullptr)
    return diagnostics.error(Code::missing_key, start,
                             "`actors` is missing: a topology needs at least one actor");
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
  topology.source = read_yaml(text, shared_name, diagnostics);
  if (!diagnostics.ok()) return std::nullopt;
  substitute(topology.source, options, topology.secrets, diagnostics);
  Reader reader(topology, diagnostics);
  read_root(topology.source, reader, registry, options);
  if (!diagnostics.ok()) return std::nullopt;
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
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return load_topology_text(text, file, registry, diagnostics, options);
}

}  // namespace leat
