// Every example and every ready topology must be valid as it stands in the tree.

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "topology/loader.hpp"

namespace leat {
namespace {

std::vector<std::string> topologies() {
  const char* source = std::getenv("LEAT_SOURCE_DIR");
  std::vector<std::string> found;
  for (const char* room : {"examples"}) {
    const std::filesystem::path folder = std::filesystem::path(source != nullptr ? source : ".") / room;
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.path().filename() == "topology.yaml") found.push_back(entry.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(Examples, are_valid) {
  const std::vector<std::string> all = topologies();
  EXPECT_GE(all.size(), 2u);
  for (const std::string& path : all) {
    if (std::filesystem::exists(std::filesystem::path(path).parent_path() / "CMakeLists.txt"))
      continue;  // needs its plugin
    Registry registry;
    register_standard_actors(registry);
    Diagnostics diagnostics;
    EXPECT_TRUE(load_topology(path, registry, diagnostics).has_value()) << render(diagnostics, false);
    EXPECT_TRUE(diagnostics.sorted().empty()) << render(diagnostics, false);
  }
}

}  // namespace
}  // namespace leat
