#include "publish/feed_tracker.hpp"

#include <gmock/gmock.h>

namespace leat {
namespace {

void expect_gap(const FeedTracker::Seen& seen, std::uint64_t from, std::uint64_t to) {
  EXPECT_EQ(seen.missed_from, from);
  EXPECT_EQ(seen.missed_to, to);
  EXPECT_EQ(seen.missed(), to - from + 1);
}

TEST(FeedTracker, numbers_in_order_are_no_gap) {
  FeedTracker tracker;
  for (std::uint64_t seq = 41; seq < 50; ++seq) {
    const FeedTracker::Seen seen = tracker.item("f", "a", seq);
    EXPECT_TRUE(seen.fresh);
    EXPECT_FALSE(seen.restarted);
    EXPECT_EQ(seen.missed(), 0u);
  }
}

TEST(FeedTracker, a_jump_in_a_topic_is_a_gap_of_that_topic) {
  FeedTracker tracker;
  tracker.item("f", "a", 11);
  tracker.item("f", "b", 11);
  expect_gap(tracker.item("f", "a", 15), 12, 14);
  EXPECT_EQ(tracker.item("f", "b", 12).missed(), 0u);
  EXPECT_EQ(tracker.item("f", "a", 16).missed(), 0u);
}

TEST(FeedTracker, a_head_tells_of_a_lost_last_item_once) {
  FeedTracker tracker;
  tracker.item("f", "a", 1);
  EXPECT_EQ(tracker.head("f", "a", 1).missed(), 0u);
  expect_gap(tracker.head("f", "a", 2), 2, 2);
  EXPECT_EQ(tracker.head("f", "a", 2).missed(), 0u);
  EXPECT_EQ(tracker.item("f", "a", 3).missed(), 0u);
}

TEST(FeedTracker, a_subscriber_joins_at_a_head_as_at_an_item) {
  FeedTracker tracker;
  EXPECT_EQ(tracker.head("f", "a", 7).missed(), 0u);
  expect_gap(tracker.item("f", "a", 9), 8, 8);
}

TEST(FeedTracker, a_head_before_the_first_item_of_a_topic_expects_number_one) {
  FeedTracker tracker;
  EXPECT_EQ(tracker.head("f", "a", 0).missed(), 0u);
  expect_gap(tracker.item("f", "a", 2), 1, 1);
}

TEST(FeedTracker, a_new_publisher_starts_every_topic_at_one) {
  FeedTracker tracker;
  tracker.item("f", "a", 100);
  const FeedTracker::Seen first = tracker.item("g", "a", 1);
  EXPECT_TRUE(first.restarted);
  EXPECT_EQ(first.missed(), 0u);
  const FeedTracker::Seen other = tracker.item("g", "b", 3);
  EXPECT_FALSE(other.restarted);
  expect_gap(other, 1, 2);
}

TEST(FeedTracker, items_seen_before_are_not_fresh) {
  FeedTracker tracker;
  tracker.item("f", "a", 5);
  EXPECT_FALSE(tracker.item("f", "a", 5).fresh);
  EXPECT_FALSE(tracker.item("f", "a", 4).fresh);
  EXPECT_TRUE(tracker.item("f", "a", 6).fresh);
}

}  // namespace
}  // namespace leat
