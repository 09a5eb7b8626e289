// Every topology of the tree, with one mistake at a time: each must send the user to the right line, and a
// typo must be answered with the right word.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "mutants.hpp"
#include "topology/loader.hpp"

namespace leat {
namespace {

using testing::Mistake;
using testing::Mutant;

constexpr double kRightSuggestionsMin = 0.95;

// What hangs on the machine and not on the file: data that `prepare` has not fetched yet.
bool is_about_files(const Diagnostic& diagnostic) {
  return diagnostic.code == Code::input_missing || diagnostic.code == Code::model_missing;
}

std::vector<std::string> topology_files() {
  const char* source = std::getenv("LEAT_SOURCE_DIR");
  std::vector<std::string> found;
  for (const char* room : {"examples", "topologies", "tests/topology/corpus"}) {
    const std::filesystem::path folder = std::filesystem::path(source != nullptr ? source : ".") / room;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".yaml" &&
          !std::filesystem::exists(entry.path().parent_path() / "CMakeLists.txt"))
        found.push_back(entry.path().string());
  }
  std::ranges::sort(found);
  return found;
}

std::string read(const std::string& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

struct Checked {
  std::vector<Diagnostic> errors;
  std::optional<Topology> topology;
};

// Data that is missing must not hide the actors that would read it: an empty file stands in for each.
std::string with_stand_ins(std::string text) {
  for (const std::string_view path :
       {"path: data/headlines.jsonl", "path: data/visits.jsonl", "path: data/readings.csv",
        "path: data/flights.csv.gz", "path: data/sentences.jsonl"})
    if (const std::size_t at = text.find(path); at != std::string::npos)
      text.replace(at, path.size(), "path: topology.yaml\n    format: jsonl");
  return text;
}

Checked check(const std::string& text, const std::string& file) {
  static const Registry standard = [] {
    Registry registry;
    register_standard_actors(registry);
    return registry;
  }();
  static std::vector<std::unique_ptr<Registry>> registries;  // topologies point into them
  Registry& registry = *registries.emplace_back(std::make_unique<Registry>(standard));
  Diagnostics diagnostics;
  Checked checked{{}, load_topology_text(text, file, registry, diagnostics)};
  for (const Diagnostic& diagnostic : diagnostics.sorted())
    if (diagnostic.severity == Severity::error && !is_about_files(diagnostic))
      checked.errors.push_back(diagnostic);
  return checked;
}

struct Score {
  std::size_t mutants = 0, line_wrong = 0, typos = 0, word_wrong = 0;
};

void judge(const Mutant& mutant, const std::string& file, Score& score) {
  ++score.mutants;
  const std::vector<Diagnostic> errors = check(mutant.text, file).errors;
  const std::string name =
      file + ":" + std::to_string(mutant.line) + " (" + to_text(mutant.mistake) + ") " + mutant.what;
  const Diagnostic none;
  const Diagnostic& first = errors.empty() ? none : errors.front();
  if (first.place.line != mutant.line) {
    ++score.line_wrong;
    ADD_FAILURE() << name << "\n  sent to line " << first.place.line << ": " << first.message;
  }
  if (mutant.suggestion.empty()) return;
  ++score.typos;
  if (first.suggestion == mutant.suggestion) return;
  ++score.word_wrong;
  std::printf("%s\n  wanted %s\n  got    %s %s\n", name.c_str(), mutant.suggestion.c_str(),
              first.message.c_str(), first.suggestion.c_str());
}

TEST(Corpus, each_mistake_is_found_at_its_line_and_each_typo_gets_the_right_word) {
  const std::vector<std::string> files = topology_files();
  ASSERT_GE(files.size(), 4u);
  Score all;
  for (const std::string& file : files) {
    const std::string text = with_stand_ins(read(file));
    const Checked base = check(text, file);
    ASSERT_TRUE(base.topology.has_value())
        << file
        << (base.errors.empty() ? ": needs a stand-in for its data" : ": " + base.errors.front().message);
    Score score;
    for (const Mutant& mutant : testing::make_mutants(*base.topology, text)) judge(mutant, file, score);
    EXPECT_GE(score.mutants, 20u) << file;
    all.mutants += score.mutants;
    all.line_wrong += score.line_wrong;
    all.typos += score.typos;
    all.word_wrong += score.word_wrong;
  }
  const double right = static_cast<double>(all.typos - all.word_wrong) / static_cast<double>(all.typos);
  std::printf(
      "%zu mutants of %zu topologies: line right in %zu; %zu typos: word right first in %zu (%.1f %%)\n",
      all.mutants, files.size(), all.mutants - all.line_wrong, all.typos, all.typos - all.word_wrong,
      100.0 * right);
  RecordProperty("right_suggestions_percent", std::to_string(100.0 * right));
  EXPECT_EQ(all.line_wrong, 0u);
  EXPECT_GE(right, kRightSuggestionsMin);
}

}  // namespace
}  // namespace leat
