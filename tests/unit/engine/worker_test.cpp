#include "engine/worker.hpp"

#include "unit/engine/engine_fixture.hpp"

namespace leat::enginetest {
namespace {

constexpr const char* kTwoWorkers = R"(
actors:
  count: { kind: test.count, count: 100 }
  keep: { kind: test.keep, inputs: [count], fuse: false }
)";

TEST(Worker, rows_cross_from_worker_to_worker_and_the_end_follows_them) {
  SteppedTopology run(kTwoWorkers);
  ASSERT_EQ(run.workers.size(), 2u);
  run.run_until_quiet();
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.seen_here.rows["keep.0"], numbers_to(100));
  EXPECT_EQ(run.seen_here.ends["keep.0"], 1);
  EXPECT_EQ(run.seen_here.watermarks["keep.0"], std::vector<Time>{kTimeMax});
}

TEST(Worker, a_fused_chain_needs_no_messages) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 10 }
  pass: { kind: test.pass, inputs: [count] }
  keep: { kind: test.keep, inputs: [pass] }
)");
  ASSERT_EQ(run.workers.size(), 1u);
  run.run_until_quiet();
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.seen_here.rows["keep.0"], numbers_to(10));
}

TEST(Worker, a_source_waits_until_its_consumers_are_ready) {
  SteppedTopology run(kTwoWorkers);
  for (int turn = 0; turn < 5; ++turn) run.workers[0]->turn();
  EXPECT_EQ(run.actor_metrics[0].rows_out.get(), 0u);  // the other worker has not answered the hello
  run.run_until_quiet();
  EXPECT_EQ(run.actor_metrics[0].rows_out.get(), 100u);
}

TEST(Worker, a_stalled_consumer_stops_the_source_within_the_bound_and_loses_nothing) {
  SteppedTopology run(R"(
batch: 4
actors:
  count: { kind: test.count, count: 1000 }
  keep: { kind: test.keep, fuse: false, inputs: [{ from: count, queue: { max: 20 rows } }] }
)");
  run.workers[1]->turn();  // answers the hello, then never turns
  for (int turn = 0; turn < 1000; ++turn) run.workers[0]->turn();
  const std::uint64_t produced = run.actor_metrics[0].rows_out.get();
  EXPECT_GE(produced, 20u);
  EXPECT_LE(produced, 20u + 2 * 4);  // the window, one batch under way, one waiting
  run.run_until_quiet();
  EXPECT_EQ(run.seen_here.rows["keep.0"], numbers_to(1000));
}

TEST(Worker, a_slow_branch_holds_the_source_although_the_other_branch_is_a_call) {
  SteppedTopology run(R"(
batch: 4
actors:
  count: { kind: test.count, count: 1000 }
  near: { kind: test.keep, inputs: [count] }
  far: { kind: test.keep, fuse: false, inputs: [{ from: count, queue: { max: 20 rows } }] }
)");
  for (int turn = 0; turn < 1000; ++turn) run.workers[0]->turn();
  run.workers.back()->turn();
  for (int turn = 0; turn < 1000; ++turn) run.workers[0]->turn();
  EXPECT_LE(run.seen_here.rows["near.0"].size(), 28u);
  run.run_until_quiet();
  EXPECT_EQ(run.seen_here.rows["near.0"], numbers_to(1000));
  EXPECT_EQ(run.seen_here.rows["far.0"], numbers_to(1000));
}

TEST(Worker, rejected_rows_reach_the_errors_port) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 10 }
  pass: { kind: test.pass, inputs: [count], reject_every: 5 }
  keep: { kind: test.keep, inputs: [pass] }
  failed: { kind: test.keep, inputs: [pass.errors] }
)");
  run.run_until_quiet();
  EXPECT_EQ(run.seen_here.rows["keep.0"], (std::vector<std::int64_t>{1, 2, 3, 4, 6, 7, 8, 9}));
  EXPECT_EQ(run.actor_metrics[1].rows_errors.get(), 2u);
  std::uint64_t failed_in = 0;
  for (std::size_t at = 0; at < run.plan.instances.size(); ++at)
    if (run.topology->actors[run.plan.instances[at].actor].name == "failed")
      failed_in = run.actor_metrics[at].rows_in.get();
  EXPECT_EQ(failed_in, 2u);
}

TEST(Worker, an_unread_errors_port_is_logged_with_the_fix) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 10 }
  pass: { kind: test.pass, inputs: [count], reject_every: 9 }
  keep: { kind: test.keep, inputs: [pass] }
)");
  run.run_until_quiet();
  ASSERT_EQ(run.lines.size(), 2u);
  EXPECT_NE(run.lines[0].find("connect `pass.errors`"), std::string::npos) << run.lines[0];
}

TEST(Worker, an_actors_error_stops_the_topology_and_names_it) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 10 }
  keep: { kind: test.keep, inputs: [count], fail_at: 7 }
)");
  run.run_until_quiet();
  ASSERT_EQ(run.failures.size(), 1u);
  EXPECT_EQ(run.failures[0].first, "keep");
  EXPECT_EQ(run.failures[0].second.code, Code::storage_full);
}

TEST(Worker, the_watermark_is_behind_the_latest_event_by_the_disorder) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 8, event_time: { field: time, disorder: 2ms } }
  keep: { kind: test.keep, inputs: [count] }
)");
  run.run_until_quiet();
  const std::vector<Time> expected{Time(Duration(3000 - 2000 - 1)), Time(Duration(7000 - 2000 - 1)),
                                   kTimeMax};
  EXPECT_EQ(run.seen_here.watermarks["keep.0"], expected);
}

/// Holds every batch back until a timer, and the watermark with it.
class Hold final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"test.hold", "Holds rows for a second."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr Port out{0, "out", "The same rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  explicit Hold(Config) {}
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    if (held_.empty()) ctx.hold_watermark(ctx.watermark());
    held_.push_back(batch);
    ctx.start_timer(Timer{1}, std::chrono::seconds(1));
    return {};
  }
  Status on_timer(Timer, Context& ctx) override {
    for (const Batch& batch : held_) ctx.emit(out, batch);
    held_.clear();
    ctx.hold_watermark(kTimeMax);
    return {};
  }

 private:
  std::vector<Batch> held_;
};

TEST(Worker, a_watermark_that_an_actor_holds_goes_on_when_it_lets_go) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 1000000, per_call: 1, event_time: { field: time } }
  hold: { kind: test.hold, inputs: [count] }
  keep: { kind: test.keep, inputs: [hold] }
)",
                      [](Registry& registry) { registry.add<Hold>(); });
  for (int turn = 0; turn < 5; ++turn) run.workers[0]->turn();
  EXPECT_TRUE(run.seen_here.watermarks["keep.0"].empty());
  run.clock.advance(std::chrono::seconds(2));
  run.workers[0]->turn();
  EXPECT_EQ(run.seen_here.rows["keep.0"].size(), 5u);
  EXPECT_EQ(run.seen_here.watermarks["keep.0"], std::vector<Time>{Time(Duration(4 * 1000 - 1))});
}

TEST(Worker, equal_keys_meet_on_one_instance) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 1000 }
  keep: { kind: test.keep, instances: 4, inputs: [{ from: count, key: n % 10 }] }
)");
  run.run_until_quiet();
  std::map<std::int64_t, std::string> home;
  std::size_t total = 0;
  for (const auto& [instance, rows] : run.seen_here.rows)
    for (const std::int64_t n : rows) {
      ++total;
      EXPECT_EQ(home.try_emplace(n % 10, instance).first->second, instance) << n;
    }
  EXPECT_EQ(total, 1000u);
  EXPECT_GT(run.seen_here.rows.size(), 1u);
}

TEST(Worker, route_all_gives_every_instance_everything) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 50 }
  keep: { kind: test.keep, instances: 3, inputs: [{ from: count, route: all }] }
)");
  run.run_until_quiet();
  for (const char* instance : {"keep.0", "keep.1", "keep.2"})
    EXPECT_EQ(run.seen_here.rows[instance], numbers_to(50)) << instance;
}

TEST(Worker, spread_shares_the_rows_and_loses_none) {
  SteppedTopology run(R"(
batch: 4
actors:
  count: { kind: test.count, count: 400 }
  keep: { kind: test.keep, instances: 3, inputs: [count] }
)");
  run.run_until_quiet();
  std::vector<std::int64_t> all;
  for (const auto& [instance, rows] : run.seen_here.rows) {
    EXPECT_GT(rows.size(), 50u) << instance;
    all.insert(all.end(), rows.begin(), rows.end());
  }
  std::ranges::sort(all);
  EXPECT_EQ(all, numbers_to(400));
}

TEST(Worker, a_drained_source_ends_and_what_is_under_way_flows_out) {
  SteppedTopology run(R"(
actors:
  count: { kind: test.count, count: 1000000 }
  keep: { kind: test.keep, inputs: [count], fuse: false }
)");
  for (int turn = 0; turn < 20; ++turn)
    for (const auto& worker : run.workers) worker->turn();
  for (const auto& worker : run.workers) worker->drain();
  run.run_until_quiet();
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.seen_here.rows["keep.0"].size(), run.actor_metrics[0].rows_out.get());
  EXPECT_LT(run.seen_here.rows["keep.0"].size(), 1000000u);
}

TEST(Worker, a_full_queue_drops_and_counts_what_the_link_says) {
  SteppedTopology run(R"(
batch: 4
actors:
  count: { kind: test.count, count: 400 }
  keep: { kind: test.keep, inputs: [{ from: count, queue: { max: 20 rows, when_full: drop_newest } }] }
)");
  while (!run.workers[0]->finished() && run.actor_metrics[0].rows_out.get() < 400) run.workers[0]->turn();
  run.run_until_quiet();
  const std::uint64_t dropped = run.channel_metrics[0].rows_dropped_newest.get();
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(run.seen_here.rows["keep.0"].size() + dropped, 400u);
  EXPECT_TRUE(run.finished());
}

TEST(Worker, a_lost_message_is_counted_in_rows_and_nothing_hangs) {
  SteppedTopology run(R"(
batch: 4
actors:
  count: { kind: test.count, count: 100 }
  keep: { kind: test.keep, fuse: false, inputs: [{ from: count, queue: { max: 12 rows } }] }
)");
  bool dropped = false;
  for (int round = 0; round < 1000 && !run.finished(); ++round)
    for (const auto& worker : run.workers) {
      auto& inbox = run.network->inbox[1];
      if (!dropped && !inbox.empty() && inbox.front().kind == MessageKind::data &&
          inbox.front().sequence == 2) {
        inbox.pop_front();
        dropped = true;
      }
      worker->turn();
    }
  EXPECT_TRUE(run.finished());
  EXPECT_EQ(run.channel_metrics[0].rows_lost.get(), 4u);
  EXPECT_EQ(run.seen_here.rows["keep.0"].size(), 96u);
}

}  // namespace
}  // namespace leat::enginetest
