// Sources with several instances, run by the engine: they share the rows out, and none is missing or doubled.

#include <algorithm>
#include <leat/runner.hpp>
#include <sstream>

#include "support/temp_folder.hpp"
#include "topology/loader.hpp"

namespace leat {
namespace {

using testing::gzipped;
using testing::TempFolder;

std::vector<std::string> sorted_lines_of(const TempFolder& folder, const std::string& source) {
  folder.write("topology.yaml",
               "topology: instances\ndelivery: best_effort\nactors:\n  in: " + source +
                   "\n  out: { kind: publish.file, inputs: [in], path: out.csv, header: false }\n");
  Registry registry;
  register_standard_actors(registry);
  Diagnostics diagnostics;
  const auto runner = Runner::load(folder.path("topology.yaml"), registry, diagnostics);
  EXPECT_NE(runner, nullptr) << render(diagnostics, false);
  if (!runner) return {};
  EXPECT_EQ(runner->run().outcome, Outcome::finished);
  std::vector<std::string> lines;
  std::istringstream text(folder.read("out.csv"));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(SourceInstances, share_the_files_of_a_pattern) {
  const TempFolder folder;
  std::vector<std::string> expected;
  for (int file = 0; file < 7; ++file) {
    std::string text;
    for (int line = 0; line < 1000; ++line) {
      expected.push_back(fmt::format("{}-{}", file, line));
      text += expected.back() + "\n";
    }
    folder.write(fmt::format("{}.txt", file), file % 2 == 0 ? text : gzipped(text));
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(sorted_lines_of(folder, "{ kind: ingest.file, path: '*.txt', instances: 3 }"), expected);
}

TEST(SourceInstances, generate_together_what_one_generates_alone) {
  const TempFolder folder;
  const std::string options = "count: 10k, fields: { id: seq, draw: k1 }";
  const auto alone = sorted_lines_of(folder, fmt::format("{{ kind: ingest.generate, {} }}", options));
  EXPECT_EQ(alone.size(), 10'000u);
  EXPECT_EQ(sorted_lines_of(folder, fmt::format("{{ kind: ingest.generate, {}, instances: 3 }}", options)),
            alone);
}

}  // namespace
}  // namespace leat
