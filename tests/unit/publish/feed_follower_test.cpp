#include "publish/feed_follower.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <leat/codec.hpp>

namespace leat {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using By = FeedRing::Query::By;

/// A publisher that is all in the test's hands, and what a follower of it says.
class FeedFollowerTest : public ::testing::Test, public FeedFollower::Listener {
 protected:
  void follow(std::optional<std::uint64_t> from = {}, std::vector<std::string> topics = {}) {
    follower_.emplace(
        FeedFollower::Options{.topics = std::move(topics), .from = from, .waiting_max = 100},
        [this](const std::string& address, const ReplayRequest& request) { return ask(address, request); },
        *this);
  }
  std::string body(std::uint64_t seq, std::uint64_t total) const {
    std::string out;
    write_feed_item({.feed = feed_, .run = run_, .seq = seq, .total = total},
                    *json_to_msgpack(fmt::format(R"({{"n":{}}})", seq)), out);
    return out;
  }
  /// Publishes, and sends it unless it is lost on the way.
  void item(const std::string& topic, bool lost = false) {
    const std::uint64_t seq = ++seqs_[topic];
    ++total_;
    ring_->add(topic, seq, total_, body(seq, total_), {});
    if (!lost) follower_->take({topic, body(seq, total_)}, now_);
  }
  void again(const std::string& topic, std::uint64_t seq) { follower_->take({topic, body(seq, 1)}, now_); }
  void head(const std::string& topic, const std::string& address = "side") {
    std::string out;
    write_feed_head({.feed = feed_, .run = run_, .seq = seqs_[topic]}, {.replay = address}, out);
    follower_->take({topic, out}, now_);
  }
  Result<FeedReplay> ask(const std::string& address, const ReplayRequest& request) {
    asked_.push_back(address);
    if (address != "side") return fail(Code::unreachable, "no answer came in time");
    if (request.feed != feed_) return fail(Code::unreachable, "this is another feed");
    const FeedRing::Answer answer = ring_->find(request.query);
    FeedReplay replay{.header = {.oldest = answer.oldest, .last = answer.last, .next = answer.next},
                      .messages = {}};
    for (const FeedRing::Item& item : answer.items) replay.messages.push_back({item.topic, *item.body});
    return replay;
  }
  std::vector<std::string> said() { return std::exchange(said_, {}); }

  void item(const FeedSubscription::Received& received, const FeedMessage& message) override {
    said_.push_back(fmt::format("{} {}", received.topic, message.seq));
  }
  void recovered(const std::string& topic, std::uint64_t from, std::uint64_t to) override {
    said_.push_back(fmt::format("recovered {} {}..{}", topic, from, to));
  }
  void missed(const std::string& topic, std::uint64_t from, std::uint64_t to,
              const std::string& why) override {
    said_.push_back(fmt::format("missed {} {}..{}{}{}", topic, from, to, why.empty() ? "" : ": ", why));
  }
  void begun_anew(const std::string& feed) override { said_.push_back("anew " + feed); }
  void went_on(const std::string& feed) override { said_.push_back("on " + feed); }
  void again(std::uint64_t items) override { said_.push_back(fmt::format("again {}", items)); }
  void trouble(const std::string& text) override { said_.push_back(text); }

  std::string feed_ = "f";
  std::int64_t run_ = 1;
  std::map<std::string, std::uint64_t> seqs_;
  std::uint64_t total_ = 0;
  std::shared_ptr<FeedRing> ring_ = std::make_shared<FeedRing>(FeedRing::Limits{Bytes{1 << 20}, 1min});
  std::vector<std::string> asked_, said_;
  Instant now_{};
  std::optional<FeedFollower> follower_;
};

TEST_F(FeedFollowerTest, items_in_order_are_shown_as_they_come) {
  follow();
  head("a");
  item("a");
  item("b");
  item("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "b 1", "a 2"));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(FeedFollowerTest, what_was_lost_comes_before_what_follows_it) {
  follow();
  head("a");
  item("a");
  item("a", true);
  item("a", true);
  item("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "recovered a 2..3", "a 2", "a 3", "a 4"));
}

TEST_F(FeedFollowerTest, a_head_brings_back_a_last_item) {
  follow();
  item("a");
  item("a", true);
  head("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "recovered a 2..2", "a 2"));
}

TEST_F(FeedFollowerTest, messages_behind_a_gap_wait_until_a_head_names_the_side_channel) {
  follow();
  item("a");
  item("a", true);
  item("a");
  item("b");
  EXPECT_THAT(said(), ElementsAre("a 1"));
  EXPECT_TRUE(follower_->on_time(now_ + 1s));
  head("b");
  EXPECT_THAT(said(), ElementsAre("recovered a 2..2", "a 2", "a 3", "b 1"));
  EXPECT_FALSE(follower_->on_time(now_));
}

TEST_F(FeedFollowerTest, patience_ends_in_time_and_in_number) {
  follow();
  item("a");
  item("a", true);
  item("a");
  EXPECT_FALSE(follower_->on_time(now_ + 3s));
  EXPECT_THAT(said(), ElementsAre("a 1", "missed a 2..2: no head has said whom to ask", "a 3"));
  item("a", true);
  for (int at = 0; at < 99; ++at) item("a");
  EXPECT_THAT(said(), IsEmpty());
  item("a");
  EXPECT_EQ(said().size(), 101u);
}

TEST_F(FeedFollowerTest, a_publisher_that_keeps_nothing_is_not_asked) {
  follow();
  head("a", "");
  item("a");
  item("a", true);
  item("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "missed a 2..2", "a 3"));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(FeedFollowerTest, what_the_publisher_no_longer_has_is_told) {
  follow();
  head("a");
  item("a");
  for (int at = 0; at < 3; ++at) item("a", true);
  ring_->expire(Time(1h));
  item("a", true);
  item("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "missed a 2..4: the publisher no longer has them",
                                  "recovered a 5..5", "a 5", "a 6"));
  item("a", true);
  ring_->expire(Time(1h));
  item("a");
  EXPECT_THAT(said(), ElementsAre("missed a 7..7: the publisher no longer has them", "a 8"));
}

TEST_F(FeedFollowerTest, an_answer_that_does_not_come_is_told) {
  follow();
  head("a", "elsewhere");
  item("a");
  item("a", true);
  item("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "missed a 2..2: no answer came in time", "a 3"));
}

TEST_F(FeedFollowerTest, a_long_gap_is_asked_for_in_parts) {
  follow();
  head("a");
  item("a");
  for (int at = 0; at < 2500; ++at) item("a", true);
  item("a");
  const std::vector<std::string> all = said();
  EXPECT_EQ(asked_.size(), 3u);
  EXPECT_EQ(all.size(), 2502u + 3u);
  EXPECT_EQ(all[1], "recovered a 2..1001");
  EXPECT_EQ(all.back(), "a 2502");
}

TEST_F(FeedFollowerTest, what_comes_again_after_a_recovery_is_passed_over_and_counted) {
  follow();
  head("a");
  item("a");
  item("a");
  ++run_;
  again("a", 1);
  again("a", 2);
  item("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "a 2", "on f", "again 2", "a 3"));
}

TEST_F(FeedFollowerTest, a_run_names_its_own_side_channel) {
  follow();
  head("a", "old");
  item("a");
  ++run_;
  item("a", true);
  item("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "on f"));
  head("a", "side");
  EXPECT_THAT(said(), ElementsAre("recovered a 2..2", "a 2", "a 3"));
  EXPECT_THAT(asked_, ElementsAre("side"));
}

TEST_F(FeedFollowerTest, a_feed_that_is_begun_anew_begins_with_one) {
  follow();
  head("a");
  item("a");
  feed_ = "g";
  seqs_.clear();
  total_ = 0;
  ring_ = std::make_shared<FeedRing>(FeedRing::Limits{Bytes{1 << 20}, 1min});
  item("a", true);
  item("a");
  head("a");
  EXPECT_THAT(said(), ElementsAre("a 1", "anew g", "recovered a 1..1", "a 1", "a 2"));
}

TEST_F(FeedFollowerTest, history_comes_first_and_its_items_once) {
  follow(0);
  item("a", true);
  item("b", true);
  item("a", true);
  item("a");
  EXPECT_THAT(said(), IsEmpty()) << "it waits for a head";
  head("a");
  item("b");
  EXPECT_THAT(said(), ElementsAre("a 1", "b 1", "a 2", "a 3", "again 1", "b 2"));
}

TEST_F(FeedFollowerTest, history_begins_where_it_was_asked_to_and_says_what_is_gone) {
  follow(2, {"a"});
  for (int at = 0; at < 4; ++at) item(at == 2 ? "b" : "a", true);
  head("a");
  EXPECT_THAT(said(), ElementsAre("a 2", "a 3"));
  ring_->expire(Time(1h));
  item("a", true);
  follow(2, {"a"});
  head("a");
  EXPECT_THAT(said(),
              ElementsAre("a 4", "items 2 to 4 of the feed are gone: the publisher no longer has them"));
}

TEST_F(FeedFollowerTest, what_is_no_feed_message_is_told_and_passed_over) {
  follow();
  follower_->take({"a", "nonsense"}, now_);
  EXPECT_EQ(said().size(), 1u);
}

}  // namespace
}  // namespace leat
