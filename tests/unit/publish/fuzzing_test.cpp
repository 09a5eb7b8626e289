#include <gtest/gtest.h>

#include <leat/codec.hpp>

#include "fuzz/entries.hpp"
#include "publish/feed_replay_wire.hpp"
#include "support/damage.hpp"
#include "support/fuzz_corpus.hpp"

// The same door as libFuzzer's, with the same inputs in every run. A broken promise aborts.
namespace leat {
namespace {

TEST(FeedFuzzing, damaged_messages_and_requests_are_read_or_refused) {
  const std::string item = *json_to_msgpack(
      R"({"feed":"f","run":-3,"seq":7,"total":12,"time":5,"row":{"a":[1,{"b":null}],"c":"d"},"later":true})");
  const std::string head =
      *json_to_msgpack(R"({"feed":"f","run":3,"seq":7,"total":12,"time":5,"base":4,"replay":"tcp://a:1"})");
  const std::string topic =
      write_replay_request({.id = 3,
                            .feed = "f",
                            .query = {.by = FeedRing::Query::By::topic, .text = "even", .from = 2, .to = 9}});
  const std::string prefix =
      write_replay_request({.id = 4, .query = {.by = FeedRing::Query::By::prefix, .text = "o"}});
  const std::string header = write_replay_header({.id = 4, .feed = "f", .run = 3, .error = "gone"});
  testing::try_damaged({item, head, topic, prefix, header}, 20'000, fuzz::try_feed);
  EXPECT_GT(testing::try_corpus("feed", fuzz::try_feed), 1);
}

}  // namespace
}  // namespace leat
