#include <fmt/format.h>
#include <gmock/gmock.h>

#include <future>
#include <leat/codec.hpp>
#include <leat/testing.hpp>

#include "publish/feed_replay.hpp"
#include "publish/feed_socket.hpp"
#include "publish/feed_wire.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string kSchema = "{ label: 'string?', n: int64 }";

/// A feed on an ipc socket of its own, and what its subscriber hears.
class PublishFeed : public ::testing::Test {
 protected:
  std::unique_ptr<ActorHarness> actor(const std::string& more = {}, const std::string& await = "10s") {
    auto actor = std::make_unique<ActorHarness>("publish.feed", options(more, await), kSchema);
    EXPECT_EQ(actor->problems(), "");
    return actor;
  }
  std::string options(const std::string& more, const std::string& await) const {
    return fmt::format("{{ bind: \"{}\", topic: '\"news.\" + label', await_subscriber: {}{} }}", endpoint_,
                       await, more);
  }
  /// Connects first, so that the actor's start waits for it.
  void subscribe(const std::vector<std::string>& topics, int queue = 1000) {
    auto subscription = FeedSubscription::open(endpoint_, topics, queue);
    ASSERT_TRUE(subscription);
    subscription_ = *std::move(subscription);
  }
  /// "TOPIC SEQ TOTAL ROW" of the next message; a head has no row.
  std::string next() {
    const auto received = subscription_->receive(10s);
    if (!received || !*received) return "nothing";
    const auto message = read_feed_message((*received)->body);
    if (!message) return message.error().text();
    if (!feed_.empty() && message->feed != feed_) return "another feed";
    feed_ = message->feed;
    return fmt::format("{} {} {} {}", (*received)->topic, message->seq, message->total,
                       message->row ? *msgpack_to_json(*message->row) : "head");
  }

  testing::TempFolder folder_;
  std::string endpoint_ = "ipc://" + folder_.path("feed");
  std::unique_ptr<FeedSubscription> subscription_;
  std::string feed_;
};

TEST_F(PublishFeed, every_row_is_a_message_numbered_in_its_topic) {
  subscribe({});
  const auto feed = actor();
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1}
{"label":"bad","n":2}
{"label":"good","n":3})"));
  EXPECT_EQ(next(), R"(news.good 1 1 {"label":"good","n":1})");
  EXPECT_EQ(next(), R"(news.bad 1 2 {"label":"bad","n":2})");
  EXPECT_EQ(next(), R"(news.good 2 3 {"label":"good","n":3})");
}

TEST_F(PublishFeed, rows_nobody_asked_for_are_counted_and_numbered) {
  subscribe({"news.g"});
  const auto feed = actor();
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1}
{"label":"bad","n":2}
{"label":"good","n":3})"));
  EXPECT_EQ(next(), R"(news.good 1 1 {"label":"good","n":1})");
  EXPECT_EQ(next(), R"(news.good 2 3 {"label":"good","n":3})");
  EXPECT_EQ(feed->dropped("no_subscriber"), 1u);
}

TEST_F(PublishFeed, heads_tell_the_last_number_of_each_topic_once_a_second) {
  subscribe({"news.good"});
  const auto feed = actor();
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1}
{"label":"bad","n":2})"));
  EXPECT_EQ(next(), R"(news.good 1 1 {"label":"good","n":1})");
  ASSERT_TRUE(feed->advance(2s));
  EXPECT_EQ(next(), "news.good 1 2 head");
  EXPECT_EQ(next(), "news.good 1 2 head");
}

TEST_F(PublishFeed, the_end_sends_heads_and_waits_for_what_is_queued) {
  subscribe({});
  {
    const auto feed = actor(", linger: 10s");
    ASSERT_TRUE(feed->feed(R"({"label":"good","n":1})"));
    ASSERT_TRUE(feed->end());
  }
  EXPECT_EQ(next(), R"(news.good 1 1 {"label":"good","n":1})");
  EXPECT_EQ(next(), "news.good 1 1 head");
}

TEST_F(PublishFeed, heads_say_where_to_ask_for_what_was_missed) {
  subscribe({});
  const auto feed = actor();
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1}
{"label":"good","n":2})"));
  ASSERT_TRUE(feed->advance(1s));
  EXPECT_EQ(next(), R"(news.good 1 1 {"label":"good","n":1})");
  EXPECT_EQ(next(), R"(news.good 2 2 {"label":"good","n":2})");
  const auto head = read_feed_message((*subscription_->receive(10s))->body);
  ASSERT_EQ(head->head.replay, endpoint_ + ".replay");
  const auto client = *FeedReplayClient::open(replay_endpoint(head->head.replay, endpoint_));
  const auto replay = client->ask({.feed = feed_, .query = {.text = "news.good", .from = 2}}, 10s);
  ASSERT_TRUE(replay) << replay.error().text();
  ASSERT_EQ(replay->messages.size(), 1u);
  EXPECT_EQ(read_feed_message(replay->messages[0].body)->total, 2u);
}

TEST_F(PublishFeed, rows_that_nobody_asked_for_can_be_had_later) {
  const auto feed = actor("", "0s");
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1})"));
  EXPECT_EQ(feed->dropped("no_subscriber"), 1u);
  const auto client = *FeedReplayClient::open(endpoint_ + ".replay");
  EXPECT_EQ(client->ask({.query = {.by = FeedRing::Query::By::prefix, .text = ""}}, 10s)->messages.size(),
            1u);
}

TEST_F(PublishFeed, without_a_size_nothing_is_kept) {
  subscribe({});
  const auto feed = actor(", replay: { size: 0B }");
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1})"));
  ASSERT_TRUE(feed->advance(1s));
  next();
  EXPECT_EQ(read_feed_message((*subscription_->receive(10s))->body)->head.replay, "");
}

TEST_F(PublishFeed, who_subscribes_is_greeted_with_heads) {
  const auto feed = actor("", "0s");
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1})"));
  subscribe({});
  auto greeted = std::async(std::launch::async, [&] { return next(); });
  for (int at = 0; at < 9 && greeted.wait_for(0s) != std::future_status::ready; ++at) {
    ASSERT_TRUE(feed->advance(100ms));
    greeted.wait_for(200ms);
  }
  EXPECT_EQ(greeted.get(), "news.good 1 1 head");
}

TEST_F(PublishFeed, rows_without_a_topic_go_to_errors) {
  subscribe({});
  ActorHarness feed("publish.feed",
                    fmt::format("{{ bind: \"{}\", topic: label, await_subscriber: 10s }}", endpoint_),
                    kSchema);
  ASSERT_EQ(feed.problems(), "");
  ASSERT_TRUE(feed.feed(R"({"label":null,"n":1}
{"label":"good","n":2})"));
  EXPECT_EQ(next(), R"(good 1 1 {"label":"good","n":2})");
  EXPECT_THAT(feed.take("errors"), HasSubstr("missing_value"));
}

TEST_F(PublishFeed, topics_are_limited) {
  const auto feed = actor(", topics: 1", "0s");
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1}
{"label":"bad","n":2})"));
  EXPECT_THAT(feed->take("errors"), HasSubstr("raise `topics`"));
}

TEST_F(PublishFeed, the_log_says_where_to_subscribe) {
  ActorHarness feed("publish.feed", "{ bind: \"tcp://127.0.0.1:*\", topic: '\"news\"' }", kSchema);
  ASSERT_EQ(feed.problems(), "");
  const std::vector<std::string> log = feed.log();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_THAT(log[0], ::testing::ContainsRegex(
                          "replays at tcp://127.0.0.1:[0-9]+; .*leat subscribe tcp://127.0.0.1:[0-9]+$"));
}

TEST_F(PublishFeed, the_end_logs_how_many_rows_each_topic_had) {
  const auto feed = actor("", "0s");
  ASSERT_TRUE(feed->feed(R"({"label":"good","n":1}
{"label":"bad","n":2}
{"label":"good","n":3})"));
  ASSERT_TRUE(feed->end());
  EXPECT_EQ(feed->log().back(), "3 rows by topic: news.good 2, news.bad 1");
}

TEST_F(PublishFeed, a_slow_subscriber_is_counted) {
  subscribe({}, 10);
  const auto feed = actor(", queue: 10, linger: 0s");
  std::string rows;
  for (int at = 0; at < 1000; ++at)
    rows += fmt::format("{{\"label\":\"{}\",\"n\":{}}}\n", std::string(60 << 10, 'x'), at);
  ASSERT_TRUE(feed->feed(rows));
  EXPECT_GE(feed->dropped("slow_subscriber"), 1u);
  ASSERT_TRUE(feed->advance(1s));
  EXPECT_THAT(feed->log().back(), HasSubstr("too slow"));
}

TEST_F(PublishFeed, an_address_in_use_fails_the_start) {
  const auto other = FeedSocket::open({.bind = "tcp://127.0.0.1:*"});
  ASSERT_TRUE(other);
  ActorHarness feed("publish.feed",
                    fmt::format("{{ bind: \"{}\", topic: '\"news\"' }}", (*other)->endpoint()), kSchema);
  const Status fed = feed.feed(R"({"label":"good","n":1})");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::address_in_use);
}

TEST_F(PublishFeed, what_cannot_run_is_refused_where_it_stands) {
  const std::pair<const char*, const char*> cases[] = {
      {"{ bind: \"tcp://*\", topic: label }", "L0403"},
      {"{ bind: \"tcp://*:5556\", topic: n }", "L0303"},
      {"{ bind: \"tcp://*:5556\" }", "topic"},
      {"{ bind: \"tcp://*:5556\", topic: label, heads: 1ms }", "10ms or more"},
      {"{ bind: \"tcp://*:5556\", topic: label, queue: 0 }", "1 or more"},
      {"{ bind: \"tcp://*:5556\", topic: label, replay: { bind: 5557 } }", "L0403"},
      {"{ bind: \"tcp://*:5556\", topic: label, commit: checkpoint }", "makes no checkpoints to wait for"},
  };
  for (const auto& [options, says] : cases) {
    const ActorHarness feed("publish.feed", options, kSchema);
    EXPECT_THAT(feed.problems(), HasSubstr(says)) << options;
  }
}

}  // namespace
}  // namespace leat
