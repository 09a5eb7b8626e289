#include "engine/timers.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

Instant at(int ms) {
  return Instant(std::chrono::milliseconds(ms));
}

TEST(Timers, fire_in_order_of_their_deadlines) {
  Timers timers;
  timers.start(0, Timer{1}, at(20));
  timers.start(1, Timer{1}, at(10));
  EXPECT_FALSE(timers.pop_due(at(9)));
  EXPECT_EQ(timers.pop_due(at(30))->owner, 1u);
  EXPECT_EQ(timers.pop_due(at(30))->owner, 0u);
  EXPECT_FALSE(timers.pop_due(at(30)));
}

TEST(Timers, equal_deadlines_fire_in_order_of_starting) {
  Timers timers;
  for (std::size_t owner = 0; owner < 5; ++owner) timers.start(owner, Timer{0}, at(5));
  for (std::size_t owner = 0; owner < 5; ++owner) EXPECT_EQ(timers.pop_due(at(5))->owner, owner);
}

TEST(Timers, starting_again_moves_a_timer) {
  Timers timers;
  timers.start(0, Timer{1}, at(10));
  timers.start(0, Timer{1}, at(30));
  EXPECT_FALSE(timers.pop_due(at(20)));
  EXPECT_EQ(timers.next_deadline(), at(30));
  EXPECT_TRUE(timers.pop_due(at(30)));
}

TEST(Timers, a_cancelled_timer_does_not_fire_and_wakes_nobody) {
  Timers timers;
  timers.start(0, Timer{1}, at(10));
  timers.start(0, Timer{2}, at(40));
  timers.cancel(0, Timer{1});
  EXPECT_EQ(timers.next_deadline(), at(40));
}

}  // namespace
}  // namespace leat
