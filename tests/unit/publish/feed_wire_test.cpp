#include "publish/feed_wire.hpp"

#include <gmock/gmock.h>

#include <leat/batch_builder.hpp>
#include <leat/codec.hpp>

namespace leat {
namespace {

const FeedStamp kStamp{.feed = "00ff", .run = 3, .seq = 7, .total = 12, .time = Time(Duration(1'000'000))};

std::string one_row() {
  BatchBuilder rows(Schema::make({{"id", Type::string, false}, {"score", Type::float64, true}}));
  rows.add("x", std::nullopt);
  return to_msgpack(rows.finish(), 0);
}

TEST(FeedWire, an_item_is_a_map_of_stamp_and_row) {
  std::string body;
  write_feed_item(kStamp, one_row(), body);
  EXPECT_EQ(*msgpack_to_json(body),
            R"({"feed":"00ff","run":3,"seq":7,"total":12,"time":1000000,"row":{"id":"x","score":null}})");
  const auto message = read_feed_message(body);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->feed, "00ff");
  EXPECT_EQ(message->run, 3);
  EXPECT_EQ(message->seq, 7u);
  EXPECT_EQ(message->total, 12u);
  EXPECT_EQ(message->time, kStamp.time);
  ASSERT_TRUE(message->row);
  EXPECT_EQ(*msgpack_to_json(*message->row), R"({"id":"x","score":null})");
}

TEST(FeedWire, a_head_says_where_its_run_began) {
  std::string body;
  write_feed_head(kStamp, {.base = 5}, body);
  EXPECT_EQ(*msgpack_to_json(body), R"({"feed":"00ff","run":3,"seq":7,"total":12,"time":1000000,"base":5})");
  const auto message = read_feed_message(body);
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->row);
  EXPECT_EQ(message->head.base, 5u);
  EXPECT_EQ(message->head.replay, "");
  body.clear();
  write_feed_head(kStamp, {.base = 5, .replay = "tcp://*:1"}, body);
  EXPECT_EQ(read_feed_message(body)->head.replay, "tcp://*:1");
}

TEST(FeedWire, keys_of_later_versions_are_passed_over) {
  const auto message = read_feed_message(*json_to_msgpack(R"({"feed":"f","seq":1,"more":[1,{"a":2}]})"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->seq, 1u);
}

TEST(FeedWire, what_is_no_feed_message_is_refused) {
  std::string body;
  write_feed_item(kStamp, one_row(), body);
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_FALSE(read_feed_message(std::string_view(body).substr(0, size))) << size;
  EXPECT_FALSE(read_feed_message(body + "x"));
  for (const char* json : {"1", "[]", "{}", R"({"seq":1})", R"({"feed":1})", R"({"feed":"f","seq":-1})",
                           R"({"feed":"f","row":[]})", R"({"feed":"f","time":"now"})",
                           R"({"feed":"f","run":1.5})", R"({"feed":"f","base":-1})"})
    EXPECT_FALSE(read_feed_message(*json_to_msgpack(json))) << json;
  // A map and an array that claim four thousand million elements, and nesting without an end.
  EXPECT_FALSE(read_feed_message("\xdf\xff\xff\xff\xff"));
  EXPECT_FALSE(read_feed_message("\x81\xa1x\xdd\xff\xff\xff\xff"));
  EXPECT_FALSE(read_feed_message(std::string(100'000, '\x91')));
}

}  // namespace
}  // namespace leat
