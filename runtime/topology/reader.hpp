#pragma once

#include "topology/loader.hpp"
#include "topology/options.hpp"
#include "topology/source_text.hpp"

namespace leat {

/// What the parts of the loader share while one file is read.
class Reader final : public ReadContext {
 public:
  Reader(Topology& topology, const SourceText& source, const LoadOptions& options, Diagnostics& diagnostics)
      : topology_(topology), source_(source), options_(options), diagnostics_(diagnostics) {}

  Diagnostics& diagnostics() override { return diagnostics_; }
  SchemaPtr find_schema(const ConfigNode& name) override;
  std::string resolve(std::string_view path) const override;
  std::string resolve_written(std::string_view path) const override;
  const LoadOptions& options() const { return options_; }
  Topology& topology() { return topology_; }
  const SourceText& source() const { return source_; }
  /// A plugin is missing: kinds that nobody knows may be its kinds.
  void set_plugin_missing() { plugin_missing_ = true; }
  bool plugin_missing() const { return plugin_missing_; }

  /// a-z, 0-9, _ and -, beginning with a letter.
  bool check_name(const std::string& name, const Place& place, std::string_view what);

 private:
  Topology& topology_;
  const SourceText& source_;
  const LoadOptions& options_;
  Diagnostics& diagnostics_;
  bool plugin_missing_ = false;
};

/// An entry under `inputs:` before names are looked up.
struct InputDraft {
  LinkOptions options;
  Place place;
  const ConfigNode* key = nullptr;
  std::uint8_t to_port = 0;
  std::optional<std::size_t> link;  ///< in Topology::links, once its producer is found
};

/// One actor between reading and describing.
struct ActorDraft {
  const ConfigNode* node = nullptr;
  ActorOptions options;
  std::vector<InputDraft> inputs;
  bool broken = false;  ///< has problems that would make further messages about it noise
};

void read_schemas(const ConfigNode& node, Reader& reader);
/// Appends to Topology::actors; drafts in the same order.
std::vector<ActorDraft> read_actors(const ConfigNode& node, const Registry& registry, Reader& reader);
/// Finds producers and ports, orders the actors, refuses cycles: fills links and order.
void link_actors(std::vector<ActorDraft>& drafts, Reader& reader);
/// Describes all actors, producers first: schemas, expressions, event time.
void describe_actors(std::vector<ActorDraft>& drafts, Reader& reader);
void read_deploy(const ConfigNode& root, Reader& reader);
/// dlopens a plugin and lets it add its kinds.
Status load_plugin(const std::string& path, Registry& registry);

}  // namespace leat
