#pragma once

#include "topology/topology.hpp"

namespace leat {

/// Where `${env:}` looks names up, and what else loading needs from outside.
struct LoadOptions {
  std::function<std::optional<std::string>(const std::string&)> environment;  ///< empty: getenv
  std::string secrets_dir;           ///< `${secret:NAME}` reads the file NAME in here; empty: the environment
                                     ///< LEAT_SECRETS, then none
  std::vector<std::string> plugins;  ///< loaded before the kinds are looked up
  /// Actors that are not those of the file: a name, and the name of another kind (all options stay), or a
  /// YAML map (all of the actor; `inputs` stay unless it has its own).
  std::vector<std::pair<std::string, std::string>> replace;
  /// Input files that do not exist are noted in ActorSpec::missing and are no errors: a test may well replace
  /// the actor that would read them.
  bool defer_missing = false;
  std::string
      written_dir;  ///< what actors write goes below this folder, not to its place; empty: to its place
};

/// Loads and checks a topology file, or `topology.yaml` of a folder. All problems go to `diagnostics`, each
/// with its place; the topology is absent if there was an error. `registry` gains the kinds of `plugins:` and
/// must outlive the topology.
std::optional<Topology> load_topology(const std::string& path, Registry& registry, Diagnostics& diagnostics,
                                      const LoadOptions& options = {});
/// The same from text; `file` names it in messages, relative paths start at its folder.
std::optional<Topology> load_topology_text(const std::string& text, const std::string& file,
                                           Registry& registry, Diagnostics& diagnostics,
                                           const LoadOptions& options = {});

/// One diagnostic as in design.md section 4: position line, source line, caret, suggestion, note; then the
/// count line.
std::string render(const Diagnostics& diagnostics, bool colour);

}  // namespace leat
