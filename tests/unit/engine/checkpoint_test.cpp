#include "unit/engine/engine_fixture.hpp"

namespace leat::enginetest {
namespace {

/// A stepped topology with checkpoints: remembers what the workers report.
class CheckpointedTopology : public SteppedTopology {
 public:
  explicit CheckpointedTopology(const std::string& actors) : SteppedTopology(actors, nullptr, true) {}
  void snapshot(std::uint64_t checkpoint, std::size_t instance, CellState state) override {
    saved[checkpoint][topology->actors[plan.instances[instance].actor].name] = std::move(state);
    rows_at[checkpoint] = seen_here.rows["keep.0"].size();
  }
  void quiet(std::uint32_t worker) override { quiet_workers.push_back(worker); }
  void broken(Error error) override { breaks.push_back(std::move(error)); }
  void begin(std::uint64_t checkpoint, bool last = false) {
    for (const auto& worker : workers) worker->checkpoint(checkpoint, last);
  }

  std::map<std::uint64_t, std::map<std::string, CellState>> saved;
  std::map<std::uint64_t, std::size_t> rows_at;
  std::vector<std::uint32_t> quiet_workers;
  std::vector<Error> breaks;
};

constexpr const char* kChain = R"(
batch: 4
actors:
  count: { kind: test.count, count: 1000 }
  pass: { kind: test.pass, inputs: [count], fuse: false }
  keep: { kind: test.keep, inputs: [{ from: pass, queue: { max: 16 rows } }], fuse: false }
)";

TEST(Checkpoint, comes_to_each_actor_behind_the_same_rows) {
  CheckpointedTopology run(kChain);
  for (int turn = 0; turn < 12; ++turn)
    for (const auto& worker : run.workers) worker->turn();
  run.begin(1);
  while (run.saved[1].size() < 3)
    for (const auto& worker : run.workers) worker->turn();
  // Count has told its state through its metrics alone: what it had sent is what keep had when it saved.
  EXPECT_GT(run.rows_at[1], 0u);
  EXPECT_LT(run.rows_at[1], 1000u);
  EXPECT_EQ(run.rows_at[1] % 4, 0u);
  run.run_until_quiet();
  EXPECT_EQ(run.seen_here.rows["keep.0"], numbers_to(1000));
}

TEST(Checkpoint, waits_at_an_actor_until_its_barrier_has_come_on_all_inputs) {
  CheckpointedTopology run(R"(
batch: 4
actors:
  fast: { kind: test.count, count: 400 }
  slow: { kind: test.count, count: 400 }
  keep: { kind: test.keep, inputs: [fast, slow], fuse: false }
)");
  ASSERT_EQ(run.workers.size(), 3u);
  for (const std::size_t worker : {0, 2, 0, 2, 0, 2, 0, 2}) run.workers[worker]->turn();
  run.begin(1);
  for (int turn = 0; turn < 50; ++turn)
    for (const std::size_t worker : {0, 2}) run.workers[worker]->turn();
  const std::size_t before = run.seen_here.rows["keep.0"].size();
  EXPECT_FALSE(run.saved[1].contains("keep"));  // the other barrier is still to come
  EXPECT_LT(before, 400u);                      // and what is behind the first one waits
  run.run_until_quiet();
  EXPECT_TRUE(run.saved[1].contains("keep"));
  EXPECT_EQ(run.seen_here.rows["keep.0"].size(), 800u);
}

TEST(Checkpoint, is_made_after_the_end_too_and_says_so) {
  CheckpointedTopology run(kChain);
  run.run_until_quiet();
  EXPECT_EQ(run.quiet_workers.size(), 3u);
  EXPECT_FALSE(run.finished());  // until it is released
  run.begin(1);
  run.run_until_quiet();
  ASSERT_EQ(run.saved[1].size(), 3u);
  for (const auto& [actor, state] : run.saved[1]) EXPECT_TRUE(state.ended) << actor;
  for (const auto& worker : run.workers) worker->release();
  EXPECT_TRUE(run.finished());
}

TEST(Checkpoint, that_is_the_last_stops_the_sources) {
  CheckpointedTopology run(kChain);
  for (int turn = 0; turn < 6; ++turn)
    for (const auto& worker : run.workers) worker->turn();
  run.begin(1, true);
  run.run_until_quiet();
  EXPECT_EQ(run.saved[1].size(), 3u);
  EXPECT_EQ(run.seen_here.rows["keep.0"].size(), run.rows_at[1]);
  EXPECT_LT(run.rows_at[1], 1000u);
}

TEST(Checkpoint, a_hole_in_a_channel_breaks_the_attempt) {
  CheckpointedTopology run(kChain);
  bool dropped = false;
  for (int round = 0; round < 100 && run.breaks.empty(); ++round)
    for (const auto& worker : run.workers) {
      if (!dropped)
        dropped = std::erase_if(run.network->inbox[1], [](const Message& message) {
                    return message.kind == MessageKind::data && message.sequence == 2;
                  }) > 0;
      worker->turn();
    }
  ASSERT_FALSE(run.breaks.empty());
  EXPECT_EQ(run.breaks[0].message, "messages were lost on the way");
  EXPECT_LE(run.seen_here.rows["keep.0"].size(), 8u);  // nothing behind the hole was taken
}

}  // namespace
}  // namespace leat::enginetest
