#include "engine/peers.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

using namespace std::chrono_literals;

TEST(Peers, one_that_was_never_heard_is_waited_for_without_end) {
  Peers peers;
  peers.add(3, "core", Instant(0s));
  EXPECT_TRUE(peers.check(Instant(4s)).waiting_for.empty());
  EXPECT_EQ(peers.check(Instant(5s)).waiting_for, std::vector<std::string>{"core"});
  const Peers::Due due = peers.check(Instant(3600s));
  EXPECT_FALSE(due.lost);
  EXPECT_EQ(due.waiting_for.size(), 1u);
}

TEST(Peers, one_that_falls_silent_is_given_up) {
  Peers peers;
  peers.add(3, "core", Instant(0s));
  peers.heard(3, Instant(2s));
  EXPECT_FALSE(peers.check(Instant(11s)).lost);
  EXPECT_EQ(peers.check(Instant(12s)).lost, "core");
}

TEST(Peers, a_known_one_is_pinged_every_second) {
  Peers peers;
  peers.add(3, "core", Instant(0s));
  EXPECT_TRUE(peers.check(Instant(1s)).ping.empty());
  peers.heard(3, Instant(1s));
  EXPECT_EQ(peers.check(Instant(2s)).ping, std::vector<std::uint32_t>{3});
  EXPECT_TRUE(peers.check(Instant(2500ms)).ping.empty());
  EXPECT_EQ(peers.next_check(), Instant(3s));
}

TEST(Peers, one_whose_channels_have_ended_may_be_silent) {
  Peers peers;
  peers.add(3, "core", Instant(0s));
  peers.heard(3, Instant(1s));
  peers.close(3);
  const Peers::Due due = peers.check(Instant(60s));
  EXPECT_FALSE(due.lost);
  EXPECT_TRUE(due.ping.empty());
  EXPECT_FALSE(peers.next_check());
}

}  // namespace
}  // namespace leat
