#include "control/participant.hpp"

#include <gtest/gtest.h>

#include <string>

namespace leat {
namespace {

struct Workers final : ParticipantHost {
  void build(std::uint32_t epoch, std::uint64_t checkpoint, const std::vector<SnapshotRef>&) override {
    done += "build" + std::to_string(epoch) + "." + std::to_string(checkpoint) + " ";
  }
  void go() override { done += "go "; }
  void checkpoint(std::uint64_t number, bool last, const std::string& keep_as) override {
    done += "checkpoint" + std::to_string(number) + keep_as + (last ? "! " : " ");
  }
  void commit(std::uint64_t number) override { done += "commit" + std::to_string(number) + " "; }
  void release() override { done += "release "; }
  void give_up(const std::string& text) override { done += "give_up:" + text + " "; }
  std::string done;
};

class ParticipantTest : public ::testing::Test {
 protected:
  void hear(ControlKind kind, std::uint64_t checkpoint = 0, std::uint32_t epoch = 1,
            std::uint64_t incarnation = 7) {
    participant.on_message(
        {.kind = kind, .incarnation = incarnation, .epoch = epoch, .checkpoint = checkpoint});
  }
  std::string said() {
    std::string text;
    for (const ControlMessage& message : participant.take_messages())
      text += std::to_string(static_cast<int>(message.kind)) + " ";
    return text;
  }
  void begin() {
    hear(ControlKind::start);
    participant.built(1);
    hear(ControlKind::go);
    said();
    workers.done.clear();
  }

  Workers workers;
  Participant participant{0, 7, 1, workers, Instant()};
};

TEST_F(ParticipantTest, does_what_is_said_twice_once) {
  hear(ControlKind::start);
  hear(ControlKind::start);
  participant.built(1);
  hear(ControlKind::start);
  EXPECT_EQ(said(), "2 2 ") << "ready, when asked again";
  hear(ControlKind::go);
  hear(ControlKind::go);
  EXPECT_EQ(workers.done, "build1.0 go ");
}

TEST_F(ParticipantTest, a_start_meant_for_a_dead_process_is_answered_with_who_is_here) {
  hear(ControlKind::start, 0, 1, 6);
  EXPECT_EQ(workers.done, "");
  EXPECT_EQ(said(), "1 ");
}

TEST_F(ParticipantTest, a_release_meant_for_a_dead_process_is_ignored) {
  hear(ControlKind::release, 0, 1, 6);
  EXPECT_FALSE(participant.ended());
}

TEST_F(ParticipantTest, a_lost_go_is_made_good_by_the_barrier) {
  hear(ControlKind::start);
  participant.built(1);
  hear(ControlKind::barrier, 1);
  EXPECT_EQ(workers.done, "build1.0 go checkpoint1 ");
}

TEST_F(ParticipantTest, asks_for_the_checkpoint_again_until_it_is_saved_and_then_repeats_the_answer) {
  begin();
  hear(ControlKind::barrier, 1);
  hear(ControlKind::barrier, 1);
  EXPECT_EQ(workers.done, "checkpoint1 checkpoint1 ");
  participant.saved(1, 1, {});
  said();
  hear(ControlKind::barrier, 1);
  EXPECT_EQ(said(), "3 ");
}

TEST_F(ParticipantTest, what_belongs_to_another_epoch_is_nothing) {
  begin();
  hear(ControlKind::barrier, 1, 2);
  participant.saved(0, 1, {});
  participant.committed(2, 1);
  EXPECT_EQ(workers.done, "");
  EXPECT_EQ(said(), "");
}

TEST_F(ParticipantTest, a_new_epoch_begins_from_its_checkpoint) {
  begin();
  hear(ControlKind::barrier, 1);
  hear(ControlKind::start, 4, 2);
  participant.built(2);
  hear(ControlKind::barrier, 5, 2);
  EXPECT_EQ(workers.done, "checkpoint1 build2.4 go checkpoint5 ");
}

TEST_F(ParticipantTest, says_again_what_nobody_asks_for) {
  begin();
  participant.quiet(1);
  participant.broken(1, "lost");
  said();
  participant.on_time(Instant() + std::chrono::hours(1));
  EXPECT_EQ(said(), "1 5 6 ");
}

TEST_F(ParticipantTest, is_released_once_and_answers_each_time) {
  begin();
  hear(ControlKind::release);
  hear(ControlKind::release);
  EXPECT_EQ(workers.done, "release ");
  EXPECT_EQ(said(), "9 9 ");
  EXPECT_TRUE(participant.ended());
}

TEST_F(ParticipantTest, the_end_of_an_attempt_whose_start_it_never_heard_is_its_end_too) {
  begin();
  hear(ControlKind::release, 0, 2);
  EXPECT_EQ(workers.done, "release ");
  EXPECT_TRUE(participant.ended());
}

TEST_F(ParticipantTest, the_end_of_an_attempt_before_its_own_is_old_news) {
  hear(ControlKind::start, 0, 3);
  workers.done.clear();
  hear(ControlKind::release, 0, 2);
  EXPECT_EQ(workers.done, "");
  EXPECT_FALSE(participant.ended());
}

}  // namespace
}  // namespace leat
