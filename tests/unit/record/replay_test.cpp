#include "record/replay.hpp"

#include <leat/runner.hpp>

#include "record/recorder.hpp"
#include "unit/testing/testing_fixture.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTopology = R"(topology: sums
delivery: best_effort
actors:
  numbers:
    kind: ingest.generate
    count: 1000
    seed: 3
    fields: { n: seq, time: time }
    time: { start: 2026-01-01T00:00:00Z, step: 1m }
    event_time: { field: time }
  passed: { kind: transform, inputs: [numbers], where: n % 2 == 0 }
  sums: { kind: test.sums, inputs: [passed], discard: [late] }
  sink: { kind: publish.file, inputs: [sums], path: out.jsonl }
)";

class Replaying : public ::testing::Test {
 protected:
  Replaying() {
    register_standard_actors(registry_);
    registry_.add<testingtest::Sums>();
    registry_.add<testingtest::Untouchable>();
  }
  Topology load(const LoadOptions& options = {}) {
    Diagnostics diagnostics;
    auto topology = load_topology_text(kTopology, folder_.path("t.yaml"), registry_, diagnostics, options);
    EXPECT_TRUE(topology) << render(diagnostics, false);
    return *std::move(topology);
  }
  // Runs the topology for real.
  void record(const std::string& file, const std::vector<std::string>& ports) {
    Topology topology = load();
    const auto recorder =
        Recorder::create(folder_.path(file), topology, *find_recorded_ports(topology, ports));
    ASSERT_TRUE(recorder);
    (*recorder)->add_to(topology);
    EXPECT_EQ(Runner::of(std::move(topology))->run().outcome, Outcome::finished);
    EXPECT_TRUE((*recorder)->writer().close());
  }
  Result<ReplaySummary> replay(const std::string& file, const std::string& compare = {},
                               ReplayOptions options = {}, const LoadOptions& load_options = {}) {
    const Topology topology = load(load_options);
    const auto recording = RecordingReader::open(folder_.path(file));
    std::unique_ptr<RecordingReader> other;
    if (!compare.empty()) other = *RecordingReader::open(folder_.path(compare));
    return Replay(topology, **recording, other.get(), std::move(options)).run();
  }

  testing::TempFolder folder_;
  Registry registry_;
};

TEST_F(Replaying, yields_what_the_run_did_windows_and_all) {
  record("a.rec", {});
  const std::string before = folder_.read("out.jsonl");
  EXPECT_EQ(std::ranges::count(before, '\n'), 17);
  folder_.write("out.jsonl", "");
  const auto summary = replay("a.rec");
  ASSERT_TRUE(summary) << summary.error().text();
  EXPECT_EQ(folder_.read("out.jsonl"), before);
  EXPECT_EQ(summary->rows, 1000u);
  EXPECT_THAT(summary->fed, ::testing::ElementsAre("numbers.out"));
}

TEST_F(Replaying, with_a_comparison_runs_only_what_is_compared) {
  record("a.rec", {});
  folder_.write("out.jsonl", "untouched");
  const auto summary = replay("a.rec", "a.rec");
  ASSERT_TRUE(summary) << summary.error().text();
  EXPECT_FALSE(summary->drifted());
  ASSERT_EQ(summary->drifts.size(), 1u);
  EXPECT_EQ(summary->drifts[0].port, "sums.out");
  EXPECT_EQ(summary->drifts[0].same, 17u);
  EXPECT_EQ(folder_.read("out.jsonl"), "untouched");
}

TEST_F(Replaying, shows_how_a_replaced_actor_drifts) {
  record("a.rec", {});
  LoadOptions options;
  options.replace = {{"passed", "{ kind: transform, where: n % 2 == 0 && n != 100 }"}};
  const auto summary = replay("a.rec", "a.rec", {}, options);
  ASSERT_TRUE(summary) << summary.error().text();
  EXPECT_TRUE(summary->drifted());
  EXPECT_EQ(summary->drifts[0].same, 16u);
  EXPECT_EQ(summary->drifts[0].lines.size(), 2u);
}

TEST_F(Replaying, begins_at_the_first_recorded_port_wherever_that_is) {
  record("a.rec", {"passed", "sums"});
  const auto summary = replay("a.rec", "a.rec");
  ASSERT_TRUE(summary) << summary.error().text();
  EXPECT_THAT(summary->fed, ::testing::ElementsAre("passed.out"));
  EXPECT_EQ(summary->rows, 500u);
  EXPECT_FALSE(summary->drifted());
}

TEST_F(Replaying, at_a_speed_waits_as_long_as_the_recording_did) {
  record("a.rec", {"numbers"});
  auto writer = RecordingWriter::create(folder_.path("b.rec"),
                                        (*RecordingReader::open(folder_.path("a.rec")))->header());
  const auto reader = RecordingReader::open(folder_.path("a.rec"));
  Time time = (*reader)->header().started;
  while (auto entry = (*reader)->next()) {
    entry->time = time += 10s;
    (*writer)->add(*entry);
  }
  ASSERT_TRUE((*writer)->close());
  Instant last{}, first{};
  ReplayOptions options;
  options.speed = 10;
  options.sleep_until = [&](Instant until) {
    if (first == Instant()) first = until;
    EXPECT_GE(until, last);
    last = until;
  };
  const auto summary = replay("b.rec", {}, options);
  ASSERT_TRUE(summary) << summary.error().text();
  const double waited = std::chrono::duration<double>(last - first).count();
  const double recorded = static_cast<double>(summary->recorded.count()) / 1e6;
  EXPECT_GE(recorded, 10.0);
  EXPECT_NEAR(waited, recorded / 10, 0.1);
}

TEST_F(Replaying, refuses_what_does_not_fit_the_topology) {
  record("a.rec", {"numbers"});
  EXPECT_THAT(replay("a.rec", "a.rec").error().message, ::testing::HasSubstr("nothing to compare"));
  LoadOptions options;
  options.replace = {{"numbers", "{ kind: ingest.generate, fields: { n: seq, time: time, more: seq } }"}};
  EXPECT_EQ(replay("a.rec", {}, {}, options).error().code, Code::schema_mismatch);
}

TEST_F(Replaying, of_a_broken_recording_says_so) {
  record("a.rec", {"numbers"});
  const std::string bytes = folder_.read("a.rec");
  folder_.write("cut.rec", bytes.substr(0, bytes.size() - 10));
  const auto summary = replay("cut.rec");
  ASSERT_TRUE(summary);
  ASSERT_EQ(summary->warnings.size(), 1u);
  EXPECT_THAT(summary->warnings[0],
              ::testing::HasSubstr("the recording is incomplete: it breaks off at byte"));
}

}  // namespace
}  // namespace leat
