#include "infer/remote/breaker.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;
using State = Breaker::State;

constexpr Time kNow{1000s};

Breaker opened() {
  Breaker breaker({.failures = 0.5, .of = 4, .pause = 5s});
  for (const bool failed : {false, true, false, true}) breaker.record(failed, false, kNow);
  return breaker;
}

TEST(Breaker, opens_when_the_share_of_failures_is_reached) {
  struct Case {
    std::vector<bool> outcomes;
    State state;
  };
  const Case cases[] = {
      {{true, true, true}, State::closed},  // too few to tell
      {{true, true, false, false}, State::open},
      {{true, false, false, false}, State::closed},
      {{true, true, true, true}, State::open},
      {{true, false, false, false, true}, State::closed},  // the first is forgotten
      {{true, false, false, true, false}, State::open},    // it was open before the last came
      {{false, false, false, true, true}, State::open},
  };
  for (const Case& with : cases) {
    Breaker breaker({.failures = 0.5, .of = 4, .pause = 5s});
    for (const bool failed : with.outcomes) breaker.record(failed, false, kNow);
    EXPECT_EQ(breaker.state(kNow), with.state) << &with - cases;
    EXPECT_EQ(breaker.lets_through(kNow), with.state == State::closed) << &with - cases;
  }
}

TEST(Breaker, lets_one_through_after_its_pause) {
  Breaker breaker = opened();
  EXPECT_FALSE(breaker.lets_through(kNow + 5s - 1us));
  EXPECT_EQ(breaker.state(kNow + 5s), State::half_open);
  EXPECT_TRUE(breaker.lets_through(kNow + 5s));
  EXPECT_TRUE(breaker.begin(kNow + 5s));
  EXPECT_FALSE(breaker.lets_through(kNow + 9s));
}

TEST(Breaker, closes_when_that_one_succeeds_and_has_forgotten_what_was) {
  Breaker breaker = opened();
  ASSERT_TRUE(breaker.begin(kNow + 5s));
  breaker.record(false, true, kNow + 6s);
  EXPECT_EQ(breaker.state(kNow + 6s), State::closed);
  for (const bool failed : {true, true, true}) breaker.record(failed, false, kNow + 6s);
  EXPECT_EQ(breaker.state(kNow + 6s), State::closed);
}

TEST(Breaker, pauses_again_when_that_one_fails) {
  Breaker breaker = opened();
  ASSERT_TRUE(breaker.begin(kNow + 5s));
  breaker.record(true, true, kNow + 7s);
  EXPECT_EQ(breaker.state(kNow + 12s - 1us), State::open);
  EXPECT_EQ(breaker.state(kNow + 12s), State::half_open);
}

TEST(Breaker, hears_nothing_of_others_while_it_is_open) {
  Breaker breaker = opened();
  for (int outcome = 0; outcome < 10; ++outcome) breaker.record(false, false, kNow + 1s);
  EXPECT_EQ(breaker.state(kNow + 1s), State::open);
  ASSERT_TRUE(breaker.begin(kNow + 5s));
  breaker.record(false, false, kNow + 5s);
  EXPECT_FALSE(breaker.lets_through(kNow + 5s));
}

TEST(Breaker, decides_nothing_while_it_is_closed) {
  Breaker breaker({});
  EXPECT_FALSE(breaker.begin(kNow));
}

}  // namespace
}  // namespace leat
