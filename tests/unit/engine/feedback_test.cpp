#include "engine/feedback.hpp"

#include "unit/engine/engine_fixture.hpp"

namespace leat::enginetest {
namespace {

/// Sends n / 2 for each n above 1, so that a row goes round a loop about log2(n) times.
class Halve final : public Actor {
 public:
  struct Config {
    bool grow = false;
  };
  static constexpr KindInfo kind{"test.halve", "Halves."};
  static constexpr Port in{0, "in", "Numbers."};
  static constexpr Port out{0, "out", "Their halves."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() {
    return {optional("grow", &Config::grow, "Two rows for one, and never fewer.")};
  }
  explicit Halve(Config config) : config_(config), rows_(rows_schema()) {}
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      const std::int64_t n = batch.column(0).int64(row);
      if (n > 1) rows_.add(n / 2, batch.column(1).int64(row));
      for (int copy = 0; config_.grow && copy < 2; ++copy) rows_.add(n, batch.column(1).int64(row));
    }
    if (!rows_.empty()) ctx.emit(out, rows_.finish());
    return {};
  }

 private:
  Config config_;
  BatchBuilder rows_;
};

/// Sends rows on when its pool job is done; bounded by what a test feeds.
class Later final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"test.later", "Sends rows on from the blocking pool."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr Port out{0, "out", "The same rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  explicit Later(Config) {}
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    ctx.offload([] { return Status(); },
                [batch](Status status, Context& later) {
                  later.emit(out, batch);
                  return status;
                });
    return {};
  }
};

class LoopTopology : public SteppedTopology {
 public:
  explicit LoopTopology(const std::string& actors)
      : SteppedTopology(actors, [](Registry& kinds) {
          kinds.add<Halve>();
          kinds.add<Later>();
        }) {}

  /// Also waits for the pool's jobs.
  void run_to_the_end() {
    const Instant limit = system_clock().steady() + std::chrono::seconds(20);
    while (!finished() && failures.empty() && system_clock().steady() < limit)
      for (const auto& worker : workers) worker->turn();
  }
  std::vector<std::int64_t> kept() const {
    std::vector<std::int64_t> all;
    for (const auto& [instance, rows] : seen_here.rows) all.insert(all.end(), rows.begin(), rows.end());
    std::ranges::sort(all);
    return all;
  }
};

std::vector<std::int64_t> halves_to(std::int64_t count) {
  std::vector<std::int64_t> all;
  for (std::int64_t n = 0; n < count; ++n) {
    all.push_back(n);
    for (std::int64_t half = n / 2; half > 0; half /= 2) all.push_back(half);
  }
  std::ranges::sort(all);
  return all;
}

constexpr const char* kLoop = R"(
actors:
  count: { kind: test.count, count: 500, event_time: { field: time } }
  head: { kind: test.pass, inputs: [count, { from: back, feedback: true }] }
  back: { kind: test.halve, inputs: [head] }
  keep: { kind: test.keep, inputs: [head] }
)";

TEST(Feedback, rows_go_round_until_none_is_left_and_then_the_end_comes_once) {
  LoopTopology run(kLoop);
  run.run_until_quiet();
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.kept(), halves_to(500));
  EXPECT_EQ(run.seen_here.ends["keep.0"], 1);
}

TEST(Feedback, the_watermark_passes_the_head_as_if_there_were_no_loop_and_never_goes_back) {
  LoopTopology run(kLoop);
  run.run_until_quiet();
  const auto& watermarks = run.seen_here.watermarks["keep.0"];
  EXPECT_TRUE(std::ranges::is_sorted(watermarks));
  EXPECT_EQ(watermarks.front(), Time(Duration(3 * 1000 - 1)));  // of the first four rows
  EXPECT_EQ(watermarks.back(), kTimeMax);
}

TEST(Feedback, several_instances_agree_on_the_end) {
  LoopTopology run(R"(
batch: 8
actors:
  count: { kind: test.count, count: 3000 }
  head: { kind: test.pass, instances: 3, inputs: [{ from: count, key: n }, { from: back, key: n, feedback: true }] }
  back: { kind: test.halve, instances: 2, inputs: [{ from: head, key: n }] }
  keep: { kind: test.keep, inputs: [head] }
)");
  run.run_until_quiet();
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.kept(), halves_to(3000));
}

TEST(Feedback, a_loop_over_the_blocking_pool_ends_after_its_last_row) {
  LoopTopology run(R"(
actors:
  count: { kind: test.count, count: 64 }
  head: { kind: test.pass, inputs: [count, { from: back, feedback: true }] }
  later: { kind: test.later, inputs: [head] }
  back: { kind: test.halve, inputs: [later] }
  keep: { kind: test.keep, inputs: [head] }
)");
  run.run_to_the_end();
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.kept(), halves_to(64));
}

TEST(Feedback, a_small_window_does_not_lock_the_loop) {
  LoopTopology run(R"(
batch: 4
actors:
  count: { kind: test.count, count: 2000 }
  head: { kind: test.pass, fuse: false, inputs: [{ from: count, queue: { max: 8 rows } }, { from: back, feedback: true }] }
  back: { kind: test.halve, fuse: false, inputs: [{ from: head, queue: { max: 8 rows } }] }
  keep: { kind: test.keep, fuse: false, inputs: [{ from: head, queue: { max: 8 rows } }] }
)");
  run.run_until_quiet();
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.kept(), halves_to(2000));
}

TEST(Feedback, a_loop_that_only_grows_fails_with_the_link_and_the_limit) {
  LoopTopology run(R"(
actors:
  count: { kind: test.count, count: 100 }
  head: { kind: test.pass, inputs: [count, { from: back, feedback: true, queue: { max: 1k rows } }] }
  back: { kind: test.halve, inputs: [head], grow: true }
  keep: { kind: test.keep, inputs: [head] }
)");
  run.run_to_the_end();
  ASSERT_FALSE(run.failures.empty());
  EXPECT_EQ(run.failures[0].first, "back");
  EXPECT_EQ(run.failures[0].second.code, Code::limit_reached);
  EXPECT_NE(run.failures[0].second.message.find("more than 1000 rows wait in its feedback link to `head`"),
            std::string::npos)
      << run.failures[0].second.message;
}

TEST(Feedback, a_drained_loop_empties_itself) {
  LoopTopology run(R"(
actors:
  count: { kind: test.count, count: 1000000 }
  head: { kind: test.pass, fuse: false, inputs: [count, { from: back, feedback: true }] }
  back: { kind: test.halve, inputs: [head] }
  keep: { kind: test.keep, inputs: [head] }
)");
  for (int turn = 0; turn < 20; ++turn)
    for (const auto& worker : run.workers) worker->turn();
  for (const auto& worker : run.workers) worker->drain();
  run.run_until_quiet();
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.kept(), halves_to(static_cast<std::int64_t>(run.actor_metrics[0].rows_out.get())));
}

TEST(FeedbackRounds, need_a_quiet_round_of_everyone) {
  FeedbackRounds rounds({false, true, true});  // two producers lead back
  rounds.begin();
  const Time first = rounds.limit();
  rounds.update(1, first);
  EXPECT_FALSE(rounds.turn());  // the other producer has not seen it
  rounds.update(2, first);
  EXPECT_TRUE(rounds.turn());
  rounds.rows_came();
  const Time second = rounds.limit();
  EXPECT_GT(second, first);
  rounds.update(1, second);
  rounds.update(2, second - Duration(1));  // there the first round was not quiet
  EXPECT_TRUE(rounds.turn());
  EXPECT_FALSE(rounds.ended());
  for (int round = 0; round < 2; ++round) {  // this one says that rows came, the next one that none did
    const Time mark = rounds.limit();
    rounds.update(1, mark);
    rounds.update(2, mark);
    EXPECT_TRUE(rounds.turn());
  }
  EXPECT_TRUE(rounds.ended());
  EXPECT_EQ(rounds.limit(), kTimeMax);
}

}  // namespace
}  // namespace leat::enginetest
