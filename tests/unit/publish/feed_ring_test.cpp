#include "publish/feed_ring.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace leat {
namespace {

using namespace std::chrono_literals;
using By = FeedRing::Query::By;
using ::testing::ElementsAre;

std::string text(const FeedRing::Answer& answer) {
  std::string all;
  for (const FeedRing::Item& item : answer.items) all += fmt::format("{}={} ", item.topic, *item.body);
  return fmt::format("{}oldest {} last {} next {}", all, answer.oldest, answer.last, answer.next);
}

/// A ring and the numbers of a feed that fills it.
class FeedRingTest : public ::testing::Test {
 protected:
  void add(FeedRing& ring, const std::string& topic, const std::string& body, Time now = {}) {
    ring.add(topic, ++seqs_[topic], ++total_, body, now);
  }
  std::map<std::string, std::uint64_t> seqs_;
  std::uint64_t total_ = 0;
};

TEST_F(FeedRingTest, gives_ranges_of_a_topic_in_its_own_numbers) {
  FeedRing ring({Bytes{1 << 20}, 1min});
  for (const char* body : {"1", "2", "3"}) {
    add(ring, "a", body);
    add(ring, "ab", std::string("x") + body);
  }
  EXPECT_EQ(text(ring.find({By::topic, "a", 2, 3})), "a=2 a=3 oldest 1 last 3 next 0");
  EXPECT_EQ(text(ring.find({By::topic, "ab", 1, 1})), "ab=x1 oldest 1 last 3 next 0");
  EXPECT_EQ(text(ring.find({By::topic, "a"})), "a=1 a=2 a=3 oldest 1 last 3 next 0");
  EXPECT_EQ(text(ring.find({By::topic, "a", 4, 9})), "oldest 1 last 3 next 0");
  EXPECT_EQ(text(ring.find({By::topic, "a", 3, 2})), "oldest 1 last 3 next 0");
  EXPECT_EQ(text(ring.find({By::topic, "a", 0, UINT64_MAX})), "a=1 a=2 a=3 oldest 1 last 3 next 0");
  EXPECT_EQ(text(ring.find({By::topic, "c"})), "oldest 1 last 0 next 0");
}

TEST_F(FeedRingTest, gives_ranges_of_all_topics_with_a_prefix_in_the_feeds_numbers) {
  FeedRing ring({Bytes{1 << 20}, 1min});
  add(ring, "a", "1");
  add(ring, "b", "2");
  add(ring, "ab", "3");
  EXPECT_EQ(text(ring.find({By::prefix, "a"})), "a=1 ab=3 oldest 1 last 3 next 0");
  EXPECT_EQ(text(ring.find({By::prefix, "", 2})), "b=2 ab=3 oldest 1 last 3 next 0");
  EXPECT_EQ(text(ring.find({By::prefix, "", 9})), "oldest 1 last 3 next 0");
}

TEST_F(FeedRingTest, the_oldest_items_leave_when_it_is_full) {
  FeedRing ring({Bytes{10'000}, 1min});
  for (int at = 1; at <= 100; ++at) add(ring, at % 2 == 0 ? "even" : "odd", std::string(840, 'x'));
  const FeedRing::Answer all = ring.find({By::prefix, ""});
  EXPECT_EQ(all.items.size(), 10u);
  EXPECT_EQ(all.oldest, 91u);
  const FeedRing::Answer even = ring.find({By::topic, "even", 1});
  EXPECT_EQ(even.items.size(), 5u);
  EXPECT_EQ(even.oldest, 46u);
  EXPECT_EQ(even.last, 50u);
}

TEST_F(FeedRingTest, an_item_larger_than_the_ring_leaves_it_empty) {
  FeedRing ring({Bytes{1000}, 1min});
  add(ring, "a", "small");
  add(ring, "a", std::string(2000, 'x'));
  EXPECT_EQ(text(ring.find({By::topic, "a"})), "oldest 3 last 2 next 0");
  EXPECT_EQ(text(ring.find({By::prefix, ""})), "oldest 3 last 2 next 0");
  add(ring, "a", "again");
  EXPECT_EQ(text(ring.find({By::topic, "a"})), "a=again oldest 3 last 3 next 0");
}

TEST_F(FeedRingTest, items_leave_when_they_are_too_old) {
  FeedRing ring({Bytes{1 << 20}, 10s});
  add(ring, "a", "1", Time(0s));
  add(ring, "a", "2", Time(5s));
  ring.expire(Time(10s));
  EXPECT_EQ(ring.find({By::topic, "a"}).oldest, 1u);
  ring.expire(Time(11s));
  EXPECT_EQ(text(ring.find({By::topic, "a"})), "a=2 oldest 2 last 2 next 0");
  ring.expire(Time(60s));
  EXPECT_EQ(text(ring.find({By::topic, "a"})), "oldest 3 last 2 next 0");
}

TEST_F(FeedRingTest, knows_what_an_earlier_run_has_published_and_that_it_is_gone) {
  FeedRing ring({Bytes{1 << 20}, 1min});
  ring.know("a", 7);
  ring.know_total(20);
  EXPECT_EQ(text(ring.find({By::topic, "a"})), "oldest 8 last 7 next 0");
  EXPECT_EQ(text(ring.find({By::prefix, ""})), "oldest 21 last 20 next 0");
  ring.add("a", 8, 21, "x", {});
  EXPECT_EQ(text(ring.find({By::topic, "a"})), "a=x oldest 8 last 8 next 0");
  EXPECT_EQ(text(ring.find({By::prefix, ""})), "a=x oldest 21 last 21 next 0");
}

TEST_F(FeedRingTest, an_answer_is_bounded_and_says_where_to_ask_on) {
  FeedRing ring({Bytes{64 << 20}, 1min});
  for (int at = 0; at < 2500; ++at) add(ring, "a", "x");
  std::vector<std::size_t> sizes;
  for (std::uint64_t from = 1; from != 0;) {
    const FeedRing::Answer answer = ring.find({By::topic, "a", from});
    sizes.push_back(answer.items.size());
    from = answer.next;
  }
  EXPECT_THAT(sizes, ElementsAre(1000u, 1000u, 500u));
  for (int at = 0; at < 3; ++at) add(ring, "large", std::string(3 << 20, 'x'));
  EXPECT_EQ(ring.find({By::topic, "large"}).items.size(), 1u) << "one always goes, or nobody would get on";
  EXPECT_EQ(ring.find({By::topic, "large"}).next, 2u);
}

TEST_F(FeedRingTest, a_prefix_that_few_items_have_is_not_searched_for_without_end) {
  FeedRing ring({Bytes{64 << 20}, 1min});
  for (int at = 0; at < 50'000; ++at) add(ring, "a", "x");
  add(ring, "b", "found");
  int asked = 0;
  std::string found;
  for (std::uint64_t from = 1; from != 0; ++asked) {
    const FeedRing::Answer answer = ring.find({By::prefix, "b", from});
    for (const FeedRing::Item& item : answer.items) found += *item.body;
    from = answer.next;
  }
  EXPECT_EQ(found, "found");
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace leat
