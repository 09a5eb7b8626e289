// Every example must be valid as it stands in the tree, and those without a plugin must do what their README
// says.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <leat/runner.hpp>

#include "support/temp_folder.hpp"
#include "topology/loader.hpp"

namespace leat {
namespace {

using testing::TempFolder;

std::filesystem::path examples() {
  const char* source = std::getenv("LEAT_SOURCE_DIR");
  return std::filesystem::path(source != nullptr ? source : ".") / "examples";
}

std::vector<std::string> topologies() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(examples()))
    if (entry.path().filename() == "topology.yaml") found.push_back(entry.path().string());
  std::sort(found.begin(), found.end());
  return found;
}

/// A copy of one example, so that a run leaves nothing behind in the tree.
class Example {
 public:
  explicit Example(const std::string& name) {
    std::filesystem::copy(examples() / name, folder_.path(""), std::filesystem::copy_options::recursive);
    std::filesystem::remove_all(folder_.path("out"));
  }
  void replace(const std::string& from, const std::string& to) {
    std::string text = folder_.read("topology.yaml");
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    folder_.write("topology.yaml", text.replace(at, from.size(), to));
  }
  RunSummary run() {
    Registry registry;
    register_standard_actors(registry);
    Diagnostics diagnostics;
    const auto runner = Runner::load(folder_.path("topology.yaml"), registry, diagnostics);
    EXPECT_NE(runner, nullptr) << render(diagnostics, false);
    return runner ? runner->run() : RunSummary{};
  }
  std::size_t lines(const std::string& file) const {
    const std::string text = folder_.read(file);
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  std::string read(const std::string& file) const { return folder_.read(file); }

 private:
  TempFolder folder_;
};

const ActorSummary& actor(const RunSummary& summary, const std::string& name) {
  static const ActorSummary none;
  const auto at = std::find_if(summary.actors.begin(), summary.actors.end(),
                               [&](const ActorSummary& one) { return one.name == name; });
  EXPECT_NE(at, summary.actors.end()) << name;
  return at == summary.actors.end() ? none : *at;
}

std::uint64_t outcomes(const ActorSummary& actor) {
  std::uint64_t sum = actor.out + actor.late + actor.errors;
  for (const auto& [reason, rows] : actor.dropped) sum += rows;
  return sum;
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

TEST(Examples, csv_routing_gives_each_of_its_eleven_orders_one_outcome) {
  Example example("csv-routing");
  const RunSummary summary = example.run();
  EXPECT_EQ(summary.outcome, Outcome::finished);
  EXPECT_EQ(summary.undelivered, 0u);
  EXPECT_EQ(actor(summary, "orders").in, 11u);
  EXPECT_EQ(outcomes(actor(summary, "orders")), 11u);
  EXPECT_EQ(outcomes(actor(summary, "sorted")), actor(summary, "sorted").in);
  EXPECT_EQ(actor(summary, "sorted").dropped.at("where"), 1u);
  EXPECT_EQ(example.lines("out/orders.csv"),
            1u + 2u + 1u);  // a header, two rows, a line end inside one of them
  EXPECT_EQ(example.lines("out/large.csv"), 1u + 2u);
  EXPECT_EQ(example.read("out/refunds.csv"),
            "id,time,customer,country,amount\n4,2026-01-05T09:07:00Z,Cem,??,-20\n");
  EXPECT_EQ(example.lines("out/errors.jsonl"), 5u);
  for (const char* place :
       {"orders.csv:7\"", "orders.csv:8\"", "orders.csv:9\"", "orders.csv:11\"", "orders.csv:12\""})
    EXPECT_THAT(example.read("out/errors.jsonl"), ::testing::HasSubstr(place));
}

TEST(Examples, enrichment_adds_prices_to_each_order_once) {
  Example example("enrichment");
  example.replace("    rate: 10/s\n", "");
  example.replace("\"-\"", "out/orders.jsonl");
  const RunSummary summary = example.run();
  EXPECT_EQ(summary.outcome, Outcome::finished);
  EXPECT_EQ(actor(summary, "once").dropped.at("duplicate"), 60u);
  EXPECT_EQ(actor(summary, "priced").in, 240u);
  EXPECT_EQ(outcomes(actor(summary, "priced")), 240u);
  EXPECT_GT(actor(summary, "priced").errors, 30u);
  EXPECT_EQ(example.lines("out/orders.jsonl"), actor(summary, "priced").out);
  EXPECT_EQ(example.lines("out/unknown.jsonl"), actor(summary, "priced").errors);
  EXPECT_THAT(example.read("out/unknown.jsonl"), ::testing::HasSubstr("whose `sku` is \\\"p3\\\""));
}

TEST(Examples, rollup_counts_a_view_for_its_category_and_all_above_it) {
  Example example("rollup");
  example.replace("\"-\"", "out/totals.csv");
  const RunSummary summary = example.run();
  EXPECT_EQ(summary.outcome, Outcome::finished);
  EXPECT_EQ(actor(summary, "parents").dropped.at("missing"), 8u);  // each view leaves the tree at its top
  EXPECT_THAT(example.read("out/totals.csv"), ::testing::HasSubstr("music,5,1686,true\n"));
  EXPECT_THAT(example.read("out/totals.csv"), ::testing::HasSubstr("video,3,6040,true\n"));
}

TEST(Examples, upgrade_reports_every_order_once) {
  Example example("upgrade");
  example.replace("    rate: 1000/s\n", "");
  const RunSummary summary = example.run();
  EXPECT_EQ(summary.outcome, Outcome::finished);
  EXPECT_EQ(actor(summary, "sums").in, 60'000u);
  EXPECT_EQ(example.lines("out/report.jsonl"), 100u * 20u);  // minutes, shops
}

TEST(Examples, customer_tiers_reads_its_database) {
  Example example("customer-tiers");
  example.replace("    rate: 10/s\n", "");
  example.replace("\"-\"", "out/orders.jsonl");
  const RunSummary summary = example.run();
  EXPECT_EQ(summary.outcome, Outcome::finished);
  EXPECT_EQ(outcomes(actor(summary, "known")), 300u);
  EXPECT_GT(actor(summary, "known").errors, 100u);  // customers 3 and 4
  EXPECT_EQ(example.lines("out/orders.jsonl"), actor(summary, "known").out);
  EXPECT_THAT(example.read("out/orders.jsonl"),
              ::testing::HasSubstr("\"customer_name\":\"Ann\",\"customer_tier\":\"gold\""));
}

TEST(Examples, quickstart_makes_the_same_payments_each_time) {
  std::string before;
  for (int round = 0; round < 2; ++round) {
    Example example("quickstart");
    example.replace("rate: 10/s", "rate: 1000/s");
    example.replace("    seed: 42\n", "    seed: 42\n    time: { start: 2026-01-01T00:00:00Z, step: 1s }\n");
    example.replace("\"-\"", "out.jsonl");
    const RunSummary summary = example.run();
    EXPECT_EQ(summary.outcome, Outcome::finished);
    EXPECT_EQ(actor(summary, "payments").out, 20u);
    EXPECT_EQ(example.lines("out.jsonl"), 17u);
    EXPECT_THAT(example.read("out.jsonl"),
                ::testing::StartsWith(
                    "{\"id\":0,\"time\":\"2026-01-01T00:00:00Z\",\"card\":\"card-0\",\"amount\":73.56,"
                    "\"gross\":88.272}\n"));
    if (round == 1) {
      EXPECT_EQ(example.read("out.jsonl"), before);
    }
    before = example.read("out.jsonl");
  }
}

}  // namespace
}  // namespace leat
