#include <gtest/gtest.h>

#include "unit/infer/remote/played_endpoint.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::Asking;
using testing::endpoint;
using testing::Endpoint;
using testing::kInput;
using testing::registry;

TEST(Remote, row_is_asked_about_and_goes_out_with_its_answer) {
  Asking asking;
  asking.row(1);
  ASSERT_EQ(asking.here.asked.size(), 1u);
  EXPECT_EQ(asking.here.asked[0].body,
            R"({"inputs":[{"name":"distance","shape":[1,1],"datatype":"FP64","data":[1.5]}],)"
            R"("outputs":[{"name":"minutes"}]})");
  EXPECT_EQ(asking.named.take(), "");
  asking.here.minutes(0, "7.5");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(
      asking.named.take(),
      "{\"id\":1,\"card\":\"a\",\"distance\":1.5,\"trip_minutes\":7.5,\"trip_model\":\"remote/fare@3\"}\n");
}

TEST(Remote, answers_go_as_they_come) {
  Asking asking;
  for (const int id : {1, 2, 3}) asking.row(id);
  asking.here.minutes(2, "3");
  asking.here.minutes(0, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "3 1 ");
}

TEST(Remote, answers_wait_for_those_before_them_where_order_matters) {
  Asking all("order: all");
  for (const int id : {1, 2, 3}) all.row(id);
  all.here.minutes(2, "3");
  all.here.minutes(1, "2");
  ASSERT_TRUE(all.named.advance(0s));
  EXPECT_EQ(all.ids(), "");
  all.here.minutes(0, "1");
  ASSERT_TRUE(all.named.advance(0s));
  EXPECT_EQ(all.ids(), "1 2 3 ");

  Asking keys("order: { by_key: card }");
  keys.row(1, "a");
  keys.row(2, "b");
  keys.row(3, "a");
  keys.here.minutes(2, "3");
  keys.here.minutes(1, "2");
  ASSERT_TRUE(keys.named.advance(0s));
  EXPECT_EQ(keys.ids(), "2 ");
  keys.here.minutes(0, "1");
  ASSERT_TRUE(keys.named.advance(0s));
  EXPECT_EQ(keys.ids(), "1 3 ");
}

TEST(Remote, failed_row_holds_nobody_up) {
  Asking asking("order: all, retry: { attempts: 1 }");
  for (const int id : {1, 2}) asking.row(id);
  asking.here.minutes(1, "2");
  asking.here.answer(0, "no such thing", 404);
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "2 ");
  EXPECT_EQ(asking.errors(), "endpoint_refused: status 404: no such thing\n");
}

TEST(Remote, rows_share_requests) {
  Asking asking("batch: { max: 3, delay: 10ms }");
  asking.row(1);
  asking.row(2);
  EXPECT_TRUE(asking.here.asked.empty());
  ASSERT_TRUE(asking.named.advance(10ms));
  ASSERT_EQ(asking.here.asked.size(), 1u);
  asking.here.minutes(0, "1,2");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "1 2 ");
}

TEST(Remote, failed_attempt_is_tried_again) {
  Asking asking("retry: { attempts: 2, backoff: 100ms }");
  asking.row(1);
  asking.here.answer(0, "", 503);
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.here.asked.size(), 1u);
  ASSERT_TRUE(asking.named.advance(100ms));
  ASSERT_EQ(asking.here.asked.size(), 2u);
  EXPECT_EQ(asking.named.measured("retries"), 1u);
  asking.here.minutes(1, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "1 ");
}

TEST(Remote, answer_that_is_none_is_a_failure_and_halves_a_batch) {
  Asking asking("batch: { max: 2, delay: 10ms }");
  asking.row(1);
  asking.row(2);
  asking.here.minutes(0, "1");  // one for two
  ASSERT_TRUE(asking.named.advance(0s));
  ASSERT_EQ(asking.here.asked.size(), 3u);
  asking.here.minutes(1, "1");
  asking.here.answer(2, "{}");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "1 ");
  EXPECT_EQ(asking.errors(), "endpoint_failed: the answer has no `outputs`\n");
}

TEST(Remote, deadline_gives_up_what_is_under_way) {
  Asking asking("deadline: 2s, timeout: 5s");
  asking.row(1);
  ASSERT_TRUE(asking.named.advance(2s));
  EXPECT_EQ(asking.errors(), "deadline_missed: no answer within 2s\n");
  EXPECT_EQ(asking.here.cancelled, std::vector{asking.here.asked[0].number});
  asking.here.minutes(0, "1");  // it was on the way
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "");
  EXPECT_EQ(asking.named.measured("unwanted_answers"), 1u);
}

TEST(Remote, row_that_is_too_old_goes_to_late) {
  Asking asking("max_age: 1s, in_flight: 1, timeout: 10s");
  asking.row(1);
  asking.row(2);
  ASSERT_TRUE(asking.named.advance(1500ms));
  asking.here.minutes(0, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "1 ");
  EXPECT_EQ(asking.ids("late"), "2 ");
}

TEST(Remote, input_is_held_while_all_places_and_as_many_more_are_taken) {
  Asking asking("in_flight: 2");
  for (const int id : {1, 2, 3}) {
    asking.row(id);
    EXPECT_FALSE(asking.named.holds_input());
  }
  asking.row(4);
  EXPECT_TRUE(asking.named.holds_input());
  asking.here.minutes(0, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_FALSE(asking.named.holds_input());
  EXPECT_EQ(asking.named.measured("in_flight"), 2u);
}

TEST(Remote, answers_that_wait_for_their_order_hold_the_input_too) {
  Asking asking("order: all, queue: 2");
  asking.row(1);
  asking.row(2);
  asking.here.minutes(1, "2");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_TRUE(asking.named.holds_input());
}

TEST(Remote, null_goes_where_on_null_says) {
  Asking reject;
  reject.row(1, "a", "null");
  EXPECT_EQ(reject.errors(), "missing_value: `distance` is null; the model needs it\n");
  Asking keep("on_null: keep, order: all");
  keep.row(1);
  keep.row(2, "a", "null");
  EXPECT_EQ(keep.here.asked.size(), 1u);
  EXPECT_EQ(keep.ids(), "");
  keep.here.minutes(0, "1");
  ASSERT_TRUE(keep.named.advance(0s));
  EXPECT_EQ(
      keep.named.take(),
      "{\"id\":1,\"card\":\"a\",\"distance\":1.5,\"trip_minutes\":1.0,\"trip_model\":\"remote/fare@3\"}\n"
      "{\"id\":2,\"card\":\"a\",\"distance\":null,\"trip_minutes\":null,\"trip_model\":\"remote/fare\"}\n");
}

TEST(Remote, open_breaker_sends_rows_to_errors_at_once) {
  Asking asking("breaker: { failures: 100%, of: 2, pause: 5s }, retry: { attempts: 1 }");
  for (const int id : {1, 2}) {
    asking.row(id);
    asking.here.answer(static_cast<std::size_t>(id) - 1, "", 500);
    ASSERT_TRUE(asking.named.advance(0s));
  }
  asking.errors();
  EXPECT_EQ(asking.named.measured("breaker"), 2u);
  asking.row(3);
  EXPECT_EQ(asking.errors(), "breaker_open: the endpoint fails too often and is left alone for 5s\n");
  ASSERT_TRUE(asking.named.advance(5s));
  asking.row(4);
  asking.here.minutes(2, "4");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "4 ");
  EXPECT_EQ(asking.named.measured("breaker"), 0u);
}

TEST(Remote, end_waits_for_the_answers_under_way) {
  Asking asking("batch: { max: 4, delay: 1m }");
  asking.row(1);
  ASSERT_TRUE(asking.named.end());
  EXPECT_FALSE(asking.named.ended());
  ASSERT_EQ(asking.here.asked.size(), 1u);  // nothing more to wait for
  asking.here.minutes(0, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_TRUE(asking.named.ended());
  EXPECT_EQ(asking.ids(), "1 ");
}

TEST(Remote, rows_under_way_are_asked_about_again_after_a_restart) {
  Asking asking("in_flight: 1, order: all");
  for (const int id : {1, 2, 3}) asking.row(id);
  asking.here.minutes(0, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "1 ");
  asking.here.asked.clear();
  ASSERT_TRUE(asking.named.restart());
  ASSERT_EQ(asking.here.asked.size(), 1u);
  asking.here.minutes(0, "2");
  ASSERT_TRUE(asking.named.advance(0s));
  asking.here.minutes(1, "3");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "2 3 ");
}

TEST(Remote, crash_goes_back_to_what_the_checkpoint_held) {
  Asking asking;
  asking.row(1);
  ASSERT_TRUE(asking.named.checkpoint());
  asking.here.minutes(0, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "1 ");
  ASSERT_TRUE(asking.named.crash());
  ASSERT_EQ(asking.here.asked.size(), 2u);
  asking.here.minutes(1, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.ids(), "1 ");  // what went out after the checkpoint is taken back elsewhere
}

TEST(Remote, watermark_waits_for_the_rows_that_came_before_it) {
  Asking asking;
  ASSERT_TRUE(asking.named.watermark(Time(10s)));
  asking.row(1);
  ASSERT_TRUE(asking.named.watermark(Time(20s)));
  EXPECT_EQ(asking.named.watermark_out(), Time(10s));
  asking.here.minutes(0, "1");
  ASSERT_TRUE(asking.named.advance(0s));
  EXPECT_EQ(asking.named.watermark_out(), Time(20s));
}

std::string problems(const std::string& options) {
  Endpoint here;
  endpoint = &here;
  const std::string text =
      ActorHarness(registry(), "infer", "{ engine: remote, " + options + " }", kInput).problems();
  endpoint = nullptr;
  return text;
}

TEST(Remote, what_makes_no_sense_is_refused_by_name) {
  const std::string endpoint_text = "endpoint: { url: \"http://m\", outputs: { minutes: float64 } }";
  const std::string map = "map: { in: { distance: distance }, out: trip }";
  const auto with = [&](const std::string& options) { return endpoint_text + ", " + map + ", " + options; };
  EXPECT_EQ(problems(endpoint_text + ", " + map), "");
  struct Case {
    std::string options;
    const char* says;
  };
  const Case cases[] = {
      {map, "engine `remote` needs an `endpoint`"},
      {endpoint_text + ", map: { out: trip }", "`map` needs `in`"},
      {endpoint_text + ", map: { in: distance, out: trip }", "kserve_v2 has inputs by name"},
      {endpoint_text + ", map: { in: { x: distanc }, out: trip }", "distanc"},
      {"endpoint: { url: \"model:80\", outputs: { m: int64 } }, " + map, "http:// or https://"},
      {"endpoint: { url: \"http://m\", outputs: { m: bytes } }, " + map, "`bytes` is no type that is read"},
      {"endpoint: { url: \"http://m\", outputs: {} }, " + map, "at least one output"},
      {"endpoint: { url: \"http://m\", outputs: { m: int64 }, tls: { verify: false } }, " + map,
       "`tls` means nothing to http://"},
      {"endpoint: { url: \"https://m\", outputs: { m: int64 }, tls: { ca: /no/such } }, " + map,
       "no certificates"},
      {"endpoint: { url: \"http://m\", outputs: { m: int64 }, headers: { Host: x } }, " + map,
       "not yours to set"},
      {"endpoint: { url: \"http://m\", outputs: { m: int64 }, datatypes: { y: FP32 } }, " + map,
       "`map.in` has no `y`"},
      {"endpoint: { url: \"http://m\", outputs: { m: int64 }, datatypes: { distance: BYTES } }, " + map,
       "no value of a tensor of BYTES"},
      {"endpoint: { url: \"http://m\", outputs: { m: int64 }, body: { a: id } }, " + map,
       "`protocol: template`"},
      {"endpoint: { url: \"http://m\", protocol: template, outputs: { m: int64 }, answer: { m: /m } }, map: "
       "{ out: "
       "trip }",
       "needs a `body`"},
      {"endpoint: { url: \"http://m\", protocol: template, outputs: { m: int64 }, body: { a: id }, answer: { "
       "m: m } "
       "}, map: { out: trip }",
       "no JSON pointer"},
      {"endpoint: { url: \"http://m\", protocol: template, outputs: { m: int64 }, body: { a: id } }, map: { "
       "out: "
       "trip }",
       "`answer` does not say where `m` stands"},
      {with("in_flight: 0"), "`in_flight` is from 1"},
      {with("timeout: 0s"), "`timeout` is more than no time"},
      {with("retry: { attempts: 0 }"), "`attempts` is from 1"},
      {with("retry: { on: [tuesday] }"), "`tuesday` is nothing that is tried again"},
      {with("breaker: { failures: 0% }"), "more than 0%"},
      {with("breaker: { failures: 0.5 }"), "is not a percentage"},
      {with("order: { key: card }"), "by_key"},
      {with("queue: 0"), "`queue` is at least 1"},
      {with("batch: { max: 0 }"), "`max` is from 1"},
      {with("on_null: missing"), "tensors of kserve_v2 have no null"},
      {with("model: finance"), "`model` means nothing to engine `remote`"},
      {with("threads: 2"), "`threads` means nothing to engine `remote`"},
  };
  for (const Case& refused : cases)
    EXPECT_NE(problems(refused.options).find(refused.says), std::string::npos) << refused.options << "\n"
                                                                               << problems(refused.options);
}

TEST(Remote, template_says_what_is_sent_and_where_answers_stand) {
  Endpoint here;
  endpoint = &here;
  ActorHarness named(
      registry(), "infer",
      "{ engine: remote, endpoint: { url: \"http://m/score\", protocol: template, outputs: { score: "
      "float64 }, body: { inputs: [card], options: { id: id + 1, top: 3 } }, answer: { score: "
      "/0/score } }, map: { out: { risk: score } } }",
      kInput);
  ASSERT_EQ(named.problems(), "");
  ASSERT_TRUE(named.feed(R"({"id":1,"card":"a","distance":null})"));
  EXPECT_EQ(here.asked.at(0).body, R"({"inputs":["a"],"options":{"id":2,"top":3}})");
  here.answer(0, R"([{"score":0.5}])");
  ASSERT_TRUE(named.advance(0s));
  EXPECT_EQ(named.take(),
            "{\"id\":1,\"card\":\"a\",\"distance\":null,\"risk\":0.5,\"answered_by\":\"remote/score\"}\n");
  endpoint = nullptr;
}

}  // namespace
}  // namespace leat
