#include "engine/plan.hpp"

#include "unit/engine/engine_fixture.hpp"

namespace leat::enginetest {
namespace {

struct PlanTest : testing::Test {
  Plan plan_of(const std::string& text, bool placed = false) {
    registry = {};
    register_kinds(registry);
    Diagnostics diagnostics;
    topology = load_topology_text("topology: planned\ndelivery: best_effort\n" + text, "planned.yaml",
                                  registry, diagnostics);
    EXPECT_TRUE(topology) << render(diagnostics, false);
    return topology ? make_plan(*topology, placed) : Plan();
  }
  Registry registry;
  std::optional<Topology> topology;
};

TEST_F(PlanTest, one_to_one_stages_share_a_worker) {
  const Plan plan = plan_of(R"(
actors:
  a: { kind: test.count }
  b: { kind: test.pass, inputs: [a] }
  c: { kind: test.keep, inputs: [b] }
)");
  EXPECT_EQ(plan.workers.size(), 1u);
  for (const ChannelPlan& channel : plan.channels) EXPECT_TRUE(channel.local);
  EXPECT_EQ(plan.memory_bound_bytes, 0u);
}

TEST_F(PlanTest, fuse_false_and_instances_get_workers_of_their_own) {
  const Plan plan = plan_of(R"(
actors:
  a: { kind: test.count }
  b: { kind: test.pass, inputs: [a], fuse: false }
  c: { kind: test.keep, inputs: [b], instances: 3 }
)");
  EXPECT_EQ(plan.workers.size(), 5u);
  EXPECT_EQ(plan.memory_bound_bytes, 4u * (64u << 20));
}

TEST_F(PlanTest, tiny_batches_bound_the_window_too) {
  const std::string actors = R"(
actors:
  a: { kind: test.count }
  b: { kind: test.pass, inputs: [a], fuse: false }
)";
  EXPECT_EQ(plan_of(actors).channels.at(0).window.rows, 50'000u);
  EXPECT_EQ(plan_of("batch: 1" + actors).channels.at(0).window.rows, 4096u);
  EXPECT_EQ(plan_of("batch: 2" + actors).channels.at(0).window.rows, 8192u);
  EXPECT_EQ(plan_of("batch: 64" + actors).channels.at(0).window.rows, 50'000u);
}

TEST_F(PlanTest, what_a_dropping_queue_holds_is_as_it_was_written) {
  const Plan plan = plan_of(R"(batch: 1
actors:
  a: { kind: test.count }
  b: { kind: test.pass, inputs: [{ from: a, queue: { max: 20k rows, when_full: drop_oldest } }] }
)");
  EXPECT_EQ(plan.channels.at(0).window.rows, 20'000u);
}

TEST_F(PlanTest, shards_stay_together) {
  const Plan plan = plan_of(R"(
actors:
  a: { kind: test.count }
  b: { kind: test.pass, inputs: [{ from: a, key: n }], instances: 2 }
  c: { kind: test.keep, inputs: [b], instances: 2 }
)");
  EXPECT_EQ(plan.workers.size(), 3u);
  for (const ChannelPlan& channel : plan.channels)
    if (channel.link == 1) {
      EXPECT_EQ(channel.producer, channel.consumer);
      EXPECT_TRUE(channel.local);
    }
}

TEST_F(PlanTest, paired_instances_feed_each_other_only) {
  const Plan plan = plan_of(R"(
actors:
  a: { kind: test.count, instances: 2 }
  b: { kind: test.keep, inputs: [{ from: a, route: paired }], instances: 2 }
)");
  EXPECT_EQ(plan.channels.size(), 2u);
  for (const ChannelPlan& channel : plan.channels) EXPECT_EQ(channel.producer, channel.consumer);
}

TEST_F(PlanTest, a_named_worker_is_shared) {
  const Plan plan = plan_of(R"(
actors:
  a: { kind: test.count, worker: w }
  b: { kind: test.count, worker: w }
  c: { kind: test.keep, inputs: [a, b], worker: w }
)");
  EXPECT_EQ(plan.workers.size(), 1u);
}

TEST_F(PlanTest, hosts_get_endpoints_only_where_a_link_crosses) {
  const std::string text = R"(
actors:
  a: { kind: test.count }
  b: { kind: test.pass, inputs: [a] }
  c: { kind: test.keep, inputs: [b] }
deploy:
  hosts: { edge: "127.0.0.1:7000", core: "127.0.0.2:8000" }
  place: { a: edge, "*": core }
)";
  const Plan plan = plan_of(text, true);
  ASSERT_EQ(plan.workers.size(), 2u);
  EXPECT_EQ(plan.workers[0].endpoint, "tcp://127.0.0.1:7000");
  EXPECT_EQ(plan.workers[1].endpoint, "tcp://127.0.0.2:8000");
  EXPECT_EQ(plan_of(text, false).workers.size(), 1u);
}

TEST_F(PlanTest, the_fingerprint_tells_topologies_apart_and_is_stable) {
  const std::string text = "actors:\n  a: { kind: test.count }\n  b: { kind: test.keep, inputs: [a] }\n";
  const std::string other =
      "actors:\n  a: { kind: test.count }\n  b: { kind: test.keep, inputs: [a], instances: 2 }\n";
  EXPECT_EQ(plan_of(text).fingerprint, plan_of(text).fingerprint);
  EXPECT_NE(plan_of(text).fingerprint, plan_of(other).fingerprint);
}

}  // namespace
}  // namespace leat::enginetest
