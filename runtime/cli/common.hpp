#pragma once

#include "cli/cli.hpp"
#include "topology/loader.hpp"

namespace leat::cli {

/// Whether to colour what goes to this descriptor: a terminal, and NO_COLOR is not set.
bool use_colour(int fd);

/// The named file, or `leat.yaml` or `topology.yaml` here.
std::string topology_path(const std::string& given);

/// Loads, and prints problems: text to stderr, or with Format::json one JSON object per line to stdout. Null
/// after errors; then `exit` says how to leave.
std::optional<Topology> load(const TopologyArguments& arguments, Registry& registry, Diagnostics& diagnostics,
                             int& exit);
void print_diagnostics(const Diagnostics& diagnostics, Format format);
int exit_code(const Diagnostics& diagnostics);

/// All kinds, with those of the plugins; prints and returns false if one can't be loaded.
bool fill_registry(Registry& registry, const std::vector<std::string>& plugins);

/// "error: ..." to stderr, then the next thing to type if there is one.
void print_error(const std::string& message, const std::string& next = {});

std::string json_text(std::string_view text);

}  // namespace leat::cli
