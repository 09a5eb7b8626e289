#include <fmt/format.h>
#include <gmock/gmock.h>

#include <future>
#include <leat/codec.hpp>
#include <leat/testing.hpp>

#include "publish/feed_socket.hpp"
#include "publish/feed_wire.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A feed under checkpoints, and a subscriber that lives through its failures.
class FeedRecovery : public ::testing::Test {
 protected:
  void start(const std::string& more = {}) {
    subscription_ = *FeedSubscription::open(endpoint_, {}, 1000);
    actor_ = std::make_unique<ActorHarness>(
        "publish.feed",
        fmt::format(
            "{{ bind: \"{}\", topic: label, await_subscriber: 10s, linger: 10s, replay: {{ size: 0B }}{} }}",
            endpoint_, more),
        "{ label: string, n: int64 }", Delivery::exactly_once);
    ASSERT_EQ(actor_->problems(), "");
  }
  void feed(const std::string& label, int from, int to) {
    std::string rows;
    for (int n = from; n <= to; ++n) rows += fmt::format("{{\"label\":\"{}\",\"n\":{}}}\n", label, n);
    const Status fed = actor_->feed(rows);
    ASSERT_TRUE(fed) << fed.error().text();
  }
  void checkpoint() {
    ASSERT_TRUE(actor_->checkpoint());
    ASSERT_TRUE(actor_->commit());
  }
  /// A subscriber subscribes anew only while it reads, and the actor that starts again waits for it.
  void crash() {
    auto first = std::async(std::launch::async, [&] { return subscription_->receive(10s); });
    ASSERT_TRUE(actor_->crash());
    // What waited is published without a timer; if there was nothing, the heads come.
    ASSERT_TRUE(actor_->advance(1s));
    waiting_ = *first.get();
  }
  /// "TOPIC SEQ TOTAL N", or "TOPIC SEQ TOTAL base BASE" of a head.
  std::string next() {
    const auto received = waiting_ ? std::exchange(waiting_, std::nullopt) : *subscription_->receive(10s);
    if (!received) return "nothing";
    const FeedMessage message = *read_feed_message(received->body);
    feeds_.insert(message.feed);
    runs_.insert(message.run);
    return fmt::format(
        "{} {} {} {}", received->topic, message.seq, message.total,
        message.row ? *msgpack_to_json(*message.row) : fmt::format("base {}", message.head.base));
  }
  std::vector<std::string> next(int count) {
    std::vector<std::string> all;
    for (int at = 0; at < count; ++at) all.push_back(next());
    return all;
  }
  bool is_silent() { return !*subscription_->receive(0s); }

  testing::TempFolder folder_;
  std::string endpoint_ = "ipc://" + folder_.path("feed");
  std::unique_ptr<FeedSubscription> subscription_;
  std::unique_ptr<ActorHarness> actor_;
  std::optional<FeedSubscription::Received> waiting_;
  std::set<std::string> feeds_;
  std::set<std::int64_t> runs_;
};

std::string item(const std::string& label, int seq, int total, int n) {
  return fmt::format("{} {} {} {{\"label\":\"{}\",\"n\":{}}}", label, seq, total, label, n);
}

TEST_F(FeedRecovery, rows_that_come_again_have_the_numbers_they_had) {
  start();
  feed("a", 1, 2);
  feed("b", 3, 3);
  checkpoint();
  feed("a", 4, 4);
  EXPECT_THAT(next(4),
              ElementsAre(item("a", 1, 1, 1), item("a", 2, 2, 2), item("b", 1, 3, 3), item("a", 3, 4, 4)));
  crash();
  EXPECT_EQ(runs_.size(), 1u);
  std::vector<std::string> heads = next(2);
  std::ranges::sort(heads);
  EXPECT_THAT(heads, ElementsAre("a 2 3 base 2", "b 1 3 base 1"))
      << "what came after the checkpoint does not count";
  feed("a", 4, 5);
  EXPECT_THAT(next(2), ElementsAre(item("a", 3, 4, 4), item("a", 4, 5, 5)));
  EXPECT_EQ(feeds_.size(), 1u);
  EXPECT_EQ(runs_.size(), 2u);
}

TEST_F(FeedRecovery, without_a_checkpoint_it_is_another_feed) {
  start();
  feed("a", 1, 1);
  EXPECT_EQ(next(), item("a", 1, 1, 1));
  auto again = std::async(std::launch::async, [&] { return next(); });
  ASSERT_TRUE(actor_->crash());
  feed("a", 1, 1);
  EXPECT_EQ(again.get(), item("a", 1, 1, 1));
  EXPECT_EQ(feeds_.size(), 2u);
}

TEST_F(FeedRecovery, rows_wait_for_the_checkpoint_that_covers_them) {
  start(", commit: checkpoint");
  feed("a", 1, 2);
  ASSERT_TRUE(actor_->advance(2s));
  EXPECT_THAT(next(2), ElementsAre("a 0 0 base 0", "a 0 0 base 0")) << "heads tell what was published";
  ASSERT_TRUE(actor_->checkpoint());
  feed("a", 3, 3);
  EXPECT_TRUE(is_silent());
  ASSERT_TRUE(actor_->commit());
  EXPECT_THAT(next(2), ElementsAre(item("a", 1, 1, 1), item("a", 2, 2, 2)));
  EXPECT_TRUE(is_silent()) << "the third came after the barrier";
  checkpoint();
  EXPECT_EQ(next(), item("a", 3, 3, 3));
}

TEST_F(FeedRecovery, what_a_checkpoint_holds_is_published_after_a_crash_before_its_commit) {
  start(", commit: checkpoint");
  feed("a", 1, 2);
  ASSERT_TRUE(actor_->checkpoint());
  feed("a", 99, 99);
  crash();
  EXPECT_THAT(next(2), ElementsAre(item("a", 1, 1, 1), item("a", 2, 2, 2)));
  EXPECT_EQ(next(), "a 2 2 base 2");
  feed("a", 3, 3);
  checkpoint();
  EXPECT_EQ(next(), item("a", 3, 3, 3)) << "the row after the barrier was never shown";
}

TEST_F(FeedRecovery, what_was_published_at_the_commit_comes_again_unchanged_until_the_next_checkpoint) {
  start(", commit: checkpoint");
  feed("a", 1, 1);
  checkpoint();
  EXPECT_EQ(next(), item("a", 1, 1, 1));
  crash();
  EXPECT_EQ(next(), item("a", 1, 1, 1));
  EXPECT_EQ(next(), "a 1 1 base 1");
  checkpoint();
  crash();
  EXPECT_EQ(next(), "a 1 1 base 1") << "the next checkpoint knows that it was published";
}

TEST_F(FeedRecovery, the_last_checkpoint_lets_everything_go) {
  start(", commit: checkpoint, queue: 8");
  feed("a", 1, 20);
  ASSERT_TRUE(actor_->end());
  EXPECT_TRUE(is_silent());
  ASSERT_TRUE(actor_->checkpoint());
  std::future<void> committed = std::async(std::launch::async, [&] { EXPECT_TRUE(actor_->commit()); });
  for (int n = 1; n <= 20; ++n) EXPECT_EQ(next(), item("a", n, n, n));
  EXPECT_EQ(next(), "a 20 20 base 0");
  committed.get();
}

TEST_F(FeedRecovery, a_crash_after_the_end_still_publishes_everything) {
  start(", commit: checkpoint");
  feed("a", 1, 2);
  ASSERT_TRUE(actor_->end());
  ASSERT_TRUE(actor_->checkpoint());
  auto all = std::async(std::launch::async, [&] { return next(2); });
  ASSERT_TRUE(actor_->crash());
  checkpoint();
  EXPECT_THAT(all.get(), ElementsAre(item("a", 1, 1, 1), item("a", 2, 2, 2)));
}

TEST_F(FeedRecovery, the_rows_of_a_checkpoint_go_out_in_parts_that_queues_can_take) {
  start(", commit: checkpoint, queue: 40");
  feed("a", 1, 25);
  checkpoint();
  for (int n = 1; n <= 10; ++n) EXPECT_EQ(next(), item("a", n, n, n));
  EXPECT_TRUE(is_silent());
  ASSERT_TRUE(actor_->checkpoint());
  ASSERT_TRUE(actor_->advance(5ms));
  ASSERT_TRUE(actor_->advance(5ms));
  for (int n = 11; n <= 25; ++n) EXPECT_EQ(next(), item("a", n, n, n));
  EXPECT_EQ(actor_->dropped("slow_subscriber"), 0u);
}

TEST_F(FeedRecovery, more_rows_than_it_may_hold_end_the_run_and_say_what_to_do) {
  start(", commit: checkpoint, hold: 1kB");
  std::string rows;
  for (int n = 0; n < 100; ++n) rows += "{\"label\":\"a\",\"n\":1}\n";
  const Status fed = actor_->feed(rows);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::limit_reached);
  EXPECT_THAT(fed.error().message, HasSubstr("raise `hold`"));
}

}  // namespace
}  // namespace leat
