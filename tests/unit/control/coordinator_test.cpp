#include "control/coordinator.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class MemoryManifests final : public ManifestStore {
 public:
  Status save_epoch(std::uint32_t number) override {
    if (full) return fail(Code::storage_full, "full", "/disk");
    epoch = number;
    return {};
  }
  Status save(const Manifest& saved) override {
    if (full) return fail(Code::storage_full, "full", "/disk");
    manifest = saved;
    return {};
  }
  Status keep(const Manifest& manifest_to_keep, const std::string& name) override {
    kept[name] = manifest_to_keep.checkpoint;
    return {};
  }
  Result<std::uint32_t> load_epoch() override { return epoch; }
  Result<std::optional<Manifest>> load() override { return manifest; }
  bool full = false;
  std::uint32_t epoch = 0;
  std::optional<Manifest> manifest;
  std::map<std::string, std::uint64_t> kept;
};

/// Two hosts, whose answers the test gives.
class CoordinatorTest : public ::testing::Test {
 protected:
  void make(bool again = false) {
    coordinator.emplace(Coordinator::Options{.topology = "t", .hosts = {"a", "b"}, .plan = 9, .again = again},
                        store, store.manifest, store.epoch, now);
  }
  void say(ControlKind kind, std::uint32_t host, std::uint64_t checkpoint = 0) {
    ControlMessage message{.kind = kind,
                           .host = host,
                           .incarnation = incarnation[host],
                           .plan = 9,
                           .epoch = coordinator->epoch(),
                           .checkpoint = checkpoint};
    message.snapshots = {{host == 0 ? "part-a" : "part-b", 0, 0}};
    coordinator->on_message(message, now);
  }
  void both_say(ControlKind kind, std::uint64_t checkpoint = 0) {
    say(kind, 0, checkpoint);
    say(kind, 1, checkpoint);
  }
  void pass(Duration time) {
    for (now += time; coordinator->next_time() && *coordinator->next_time() <= now;) {
      coordinator->on_time(now);
      if (*coordinator->next_time() <= now) break;
    }
  }
  void run() {
    both_say(ControlKind::hello);
    both_say(ControlKind::ready);
  }
  std::vector<ControlKind> said_to(std::uint32_t host) {
    std::vector<ControlKind> kinds;
    for (const ControlMessage& message : coordinator->take_messages())
      if (message.host == host) kinds.push_back(message.kind);
    return kinds;
  }

  MemoryManifests store;
  Instant now{std::chrono::hours(1)};
  std::optional<Coordinator> coordinator;
  std::uint64_t incarnation[2] = {101, 102};
};

using Kinds = std::vector<ControlKind>;

TEST_F(CoordinatorTest, waits_for_all_hosts_and_says_whom) {
  make();
  say(ControlKind::hello, 0);
  EXPECT_EQ(coordinator->missing(), std::vector<std::string>{"b"});
  EXPECT_EQ(said_to(0), Kinds{});
  say(ControlKind::hello, 1);
  EXPECT_EQ(said_to(0), Kinds{ControlKind::start});
  EXPECT_EQ(store.epoch, 1u) << "durable before anybody begins";
}

TEST_F(CoordinatorTest, a_checkpoint_is_complete_when_all_have_saved_it_and_not_before) {
  make();
  run();
  EXPECT_EQ(said_to(1), (Kinds{ControlKind::start, ControlKind::go}));
  pass(1s);
  EXPECT_EQ(said_to(1).back(), ControlKind::barrier);
  say(ControlKind::saved, 0, 1);
  EXPECT_FALSE(store.manifest);
  say(ControlKind::saved, 1, 1);
  ASSERT_TRUE(store.manifest);
  EXPECT_EQ(store.manifest->snapshots[1].name, "part-b");
  EXPECT_EQ(said_to(0).back(), ControlKind::commit);
  both_say(ControlKind::committed, 1);
  EXPECT_EQ(coordinator->phase(), Coordinator::Phase::running);
}

TEST_F(CoordinatorTest, a_snapshot_is_the_next_checkpoint_kept_under_its_name) {
  make();
  run();
  coordinator->take_messages();
  coordinator->snapshot("monday");
  pass(0s);
  const std::vector<ControlMessage> asked = coordinator->take_messages();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].kind, ControlKind::barrier);
  EXPECT_EQ(asked[0].text, "monday");
  both_say(ControlKind::saved, 1);
  EXPECT_EQ(store.kept.at("monday"), 1u);
  EXPECT_EQ(coordinator->take_snapshot()->value(), 1u);
  EXPECT_FALSE(coordinator->take_snapshot());
  both_say(ControlKind::committed, 1);
  pass(1s);
  EXPECT_EQ(coordinator->take_messages().back().text, "") << "the one after it has no name";
}

TEST_F(CoordinatorTest, a_snapshot_that_a_failure_interrupts_is_made_in_the_next_attempt) {
  make();
  run();
  coordinator->snapshot("monday");
  pass(0s);
  incarnation[1] = 202;
  say(ControlKind::hello, 1);
  both_say(ControlKind::ready);
  pass(0s);
  both_say(ControlKind::saved, 2);
  EXPECT_EQ(store.kept["monday"], 2u);
}

TEST_F(CoordinatorTest, says_again_what_was_not_answered) {
  make();
  run();
  pass(1s);
  say(ControlKind::saved, 0, 1);
  coordinator->take_messages();
  pass(200ms);
  EXPECT_EQ(said_to(0), Kinds{});
  pass(200ms);
  EXPECT_EQ(said_to(1), Kinds{ControlKind::barrier});
}

TEST_F(CoordinatorTest, a_process_that_was_started_again_ends_the_attempt) {
  make();
  run();
  incarnation[1] = 202;
  say(ControlKind::hello, 1);
  EXPECT_EQ(coordinator->epoch(), 2u);
  EXPECT_EQ(coordinator->phase(), Coordinator::Phase::starting);
  EXPECT_EQ(coordinator->take_reason(), "b was started again");
}

TEST_F(CoordinatorTest, an_answer_of_a_dead_incarnation_does_not_count) {
  make();
  both_say(ControlKind::hello);
  say(ControlKind::ready, 0);
  incarnation[1] = 999;
  say(ControlKind::ready, 1);
  EXPECT_EQ(coordinator->phase(), Coordinator::Phase::starting);
}

TEST_F(CoordinatorTest, silence_ends_the_attempt) {
  make();
  run();
  for (int second = 0; second < 5; ++second) {
    pass(1s);
    say(ControlKind::hello, 0);
  }
  EXPECT_EQ(coordinator->phase(), Coordinator::Phase::gathering);
  EXPECT_EQ(coordinator->missing(), std::vector<std::string>{"b"});
}

TEST_F(CoordinatorTest, a_full_disk_is_waited_for) {
  make();
  store.full = true;
  both_say(ControlKind::hello);
  EXPECT_EQ(coordinator->phase(), Coordinator::Phase::gathering);
  EXPECT_TRUE(coordinator->take_shortage());
  pass(200ms);
  EXPECT_FALSE(coordinator->take_shortage()) << "it was said already";
  store.full = false;
  pass(200ms);
  EXPECT_EQ(coordinator->phase(), Coordinator::Phase::starting);
  store.full = true;
  both_say(ControlKind::ready);
  pass(1s);
  both_say(ControlKind::saved, 1);
  EXPECT_TRUE(coordinator->take_shortage());
  EXPECT_EQ(coordinator->manifest(), std::nullopt);
}

TEST_F(CoordinatorTest, when_all_is_quiet_a_last_checkpoint_ends_the_run) {
  make();
  run();
  both_say(ControlKind::quiet);
  pass(1ms);
  EXPECT_EQ(coordinator->phase(), Coordinator::Phase::saving);
  both_say(ControlKind::saved, 1);
  EXPECT_TRUE(store.manifest->ended);
  EXPECT_FALSE(store.manifest->over) << "not everyone has committed";
  both_say(ControlKind::committed, 1);
  EXPECT_TRUE(store.manifest->over);
  EXPECT_EQ(said_to(0).back(), ControlKind::release);
  both_say(ControlKind::released);
  EXPECT_TRUE(coordinator->done());
}

TEST_F(CoordinatorTest, a_run_that_is_over_begins_anew_for_the_user_and_stays_over_for_the_supervisor) {
  store.manifest = Manifest{
      .topology = "t", .epoch = 4, .checkpoint = 8, .snapshots = {{}, {}}, .ended = true, .over = true};
  store.epoch = 4;
  make();
  both_say(ControlKind::hello);
  EXPECT_EQ(coordinator->take_messages().front().checkpoint, 0u);
  make(true);
  EXPECT_EQ(coordinator->phase(), Coordinator::Phase::releasing);
}

TEST_F(CoordinatorTest, who_comes_after_a_dead_process_is_released_too) {
  store.manifest = Manifest{
      .topology = "t", .epoch = 4, .checkpoint = 8, .snapshots = {{}, {}}, .ended = true, .over = true};
  store.epoch = 4;
  make(true);
  both_say(ControlKind::hello);
  say(ControlKind::released, 0);
  say(ControlKind::released, 1);
  EXPECT_TRUE(coordinator->done());

  make(true);
  both_say(ControlKind::hello);
  incarnation[1] = 103;  // its dead self has answered, late
  say(ControlKind::hello, 1);
  incarnation[1] = 102;
  say(ControlKind::released, 1);
  say(ControlKind::released, 0);
  EXPECT_FALSE(coordinator->done());
  incarnation[1] = 103;
  say(ControlKind::released, 1);
  EXPECT_TRUE(coordinator->done());

  make(true);
  both_say(ControlKind::hello);
  say(ControlKind::released, 1);
  incarnation[1] = 104;  // it has died after it answered
  say(ControlKind::hello, 1);
  say(ControlKind::released, 0);
  EXPECT_FALSE(coordinator->done());
}

TEST_F(CoordinatorTest, another_version_of_the_topology_is_sent_away) {
  make();
  coordinator->on_message({.kind = ControlKind::hello, .host = 1, .incarnation = 5, .plan = 8}, now);
  const auto messages = coordinator->take_messages();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].kind, ControlKind::give_up);
  EXPECT_EQ(coordinator->missing().size(), 2u);
}

}  // namespace
}  // namespace leat
