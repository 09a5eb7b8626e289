#include <algorithm>
#include <fstream>
#include <leat/registry.hpp>

#include "engine/plan.hpp"
#include "fuzz/entries.hpp"
#include "support/temp_folder.hpp"
#include "topology/loader.hpp"

namespace leat::fuzz {
namespace {

constexpr std::size_t kTextBytesMax = 16 * 1024;

// Nothing from this machine: not its environment, not its files.
LoadOptions nothing_outside() {
  LoadOptions options;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "SET") return "value";
    return std::nullopt;
  };
  options.secrets_dir = "/nonexistent";
  return options;
}

// Every problem tells where and what, and can be shown.
void check(const Diagnostics& diagnostics, const std::string& text, const std::string& file) {
  const auto lines = static_cast<std::uint32_t>(std::ranges::count(text, '\n') + 1);
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    LEAT_ASSERT(!diagnostic.message.empty());
    LEAT_ASSERT(diagnostic.code != Code::internal);
    LEAT_ASSERT(diagnostic.place.known() && diagnostic.place.line <= lines + 1);
  }
  if (!diagnostics.sorted().empty()) std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  const std::string shown = render(diagnostics, false);
  LEAT_ASSERT(diagnostics.sorted().empty() == shown.empty());
}

}  // namespace

void try_topology(std::string_view input) {
  static Registry registry = [] {  // without plugins it stays as it is
    Registry standard;
    register_standard_actors(standard);
    return standard;
  }();
  const std::string text(input.substr(0, kTextBytesMax));
  if (text.find("plugin") != std::string::npos) return;  // would load whatever library stands there
  Diagnostics diagnostics;
  static const testing::TempFolder folder;
  const auto topology =
      load_topology_text(text, folder.path("topology.yaml"), registry, diagnostics, nothing_outside());
  check(diagnostics, text, folder.path("topology.yaml"));
  LEAT_ASSERT(topology.has_value() == diagnostics.ok());
  if (!topology) return;
  for (const bool placed : {false, true}) {
    const Plan plan = make_plan(*topology, placed);
    LEAT_ASSERT(plan.instances.size() >= topology->actors.size() && !plan.workers.empty());
  }
}

}  // namespace leat::fuzz
