#include <gtest/gtest.h>

#include <leat/testing.hpp>

namespace leat {
namespace {

const std::string kSchema = "{ t: timestamp, user: 'string?', price: 'int64?' }";

std::string row(int second, const std::string& user, const std::string& price) {
  return R"({"t":)" + std::to_string(second * 1'000'000) + R"(,"user":)" +
         (user == "null" ? user : '"' + user + '"') + R"(,"price":)" + price + "}\n";
}
Time at(int second) {
  return Time(std::chrono::seconds(second));
}
Status watermark(ActorHarness& actor, int second) {
  return actor.watermark(at(second) - Duration(1));
}

TEST(Aggregate, a_tumbling_window_comes_once_when_the_watermark_passes_its_end) {
  ActorHarness actor("aggregate",
                     "{ key: user, window: { tumbling: 1m }, compute: { n: count, sum: { sum: price } } }",
                     kSchema);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(
      actor.feed(row(5, "ann", "1") + row(59, "ann", "2") + row(60, "ann", "4") + row(7, "bob", "null")));
  ASSERT_TRUE(watermark(actor, 59));
  EXPECT_EQ(actor.take(), "");
  ASSERT_TRUE(watermark(actor, 60));
  EXPECT_EQ(
      actor.take(),
      R"({"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:01:00Z","user":"ann","n":2,"sum":3,"final":true}
{"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:01:00Z","user":"bob","n":1,"sum":null,"final":true}
)");
  ASSERT_TRUE(actor.end());
  EXPECT_EQ(
      actor.take(),
      R"({"window_start":"1970-01-01T00:01:00Z","window_end":"1970-01-01T00:02:00Z","user":"ann","n":1,"sum":4,"final":true}
)");
}

TEST(Aggregate, late_record_goes_to_the_late_port) {
  ActorHarness actor("aggregate", "{ window: { tumbling: 10s }, compute: { n: count } }", kSchema);
  ASSERT_TRUE(watermark(actor, 10));
  ASSERT_TRUE(actor.feed(row(9, "late", "1") + row(10, "in time", "2")));
  EXPECT_EQ(actor.take("late"), R"({"t":"1970-01-01T00:00:09Z","user":"late","price":1}
)");
}

TEST(Aggregate, within_lateness_a_change_is_shown_and_the_final_row_waits) {
  ActorHarness actor("aggregate", "{ window: { tumbling: 10s }, lateness: 5s, compute: { n: count } }",
                     kSchema);
  const auto shown = [](int count, bool final) {
    return R"({"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","n":)" +
           std::to_string(count) + R"(,"final":)" + (final ? "true" : "false") + "}\n";
  };
  ASSERT_TRUE(actor.feed(row(1, "a", "1")));
  ASSERT_TRUE(watermark(actor, 10));
  EXPECT_EQ(actor.take(), shown(1, false));
  ASSERT_TRUE(actor.feed(row(2, "a", "1")));
  EXPECT_EQ(actor.take(), shown(2, false));
  ASSERT_TRUE(watermark(actor, 15));
  EXPECT_EQ(actor.take(), shown(2, true));
  ASSERT_TRUE(actor.feed(row(3, "a", "1")));
  EXPECT_EQ(actor.take("late"), R"({"t":"1970-01-01T00:00:03Z","user":"a","price":1}
)");
}

TEST(Aggregate, open_windows_that_changed_are_shown_as_often_as_asked) {
  ActorHarness actor("aggregate",
                     "{ key: user, window: { tumbling: 1h }, emit_every: 10s, compute: { n: count } }",
                     kSchema);
  ASSERT_TRUE(actor.feed(row(1, "a", "1") + row(2, "b", "1")));
  ASSERT_TRUE(actor.advance(std::chrono::seconds(10)));
  EXPECT_NE(actor.take().find(R"("user":"b","n":1,"final":false)"), std::string::npos);
  ASSERT_TRUE(actor.feed(row(3, "a", "1")));
  ASSERT_TRUE(actor.advance(std::chrono::seconds(10)));
  EXPECT_EQ(
      actor.take(),
      R"({"window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T01:00:00Z","user":"a","n":2,"final":false}
)");
  ASSERT_TRUE(actor.advance(std::chrono::seconds(10)));
  EXPECT_EQ(actor.take(), "");
}

TEST(Aggregate, count_windows_are_cut_by_rows_and_the_rest_comes_at_the_end) {
  ActorHarness actor("aggregate", "{ key: user, window: { count: 2 }, compute: { sum: { sum: price } } }",
                     kSchema);
  ASSERT_TRUE(actor.feed(row(1, "a", "1") + row(2, "a", "2") + row(3, "b", "8") + row(4, "a", "4")));
  EXPECT_EQ(actor.take(), "{\"user\":\"a\",\"sum\":3,\"final\":true}\n");
  ASSERT_TRUE(actor.end());
  EXPECT_EQ(actor.take(),
            "{\"user\":\"a\",\"sum\":4,\"final\":true}\n{\"user\":\"b\",\"sum\":8,\"final\":true}\n");
}

TEST(Aggregate, without_a_window_totals_that_changed_come_by_the_clock) {
  ActorHarness actor("aggregate", "{ key: user, every: 5s, compute: { sum: { sum: price } } }", kSchema);
  ASSERT_TRUE(actor.feed(row(1, "a", "1") + row(1, "b", "1")));
  ASSERT_TRUE(actor.advance(std::chrono::seconds(5)));
  EXPECT_EQ(actor.take(),
            "{\"user\":\"a\",\"sum\":1,\"final\":false}\n{\"user\":\"b\",\"sum\":1,\"final\":false}\n");
  ASSERT_TRUE(actor.feed(row(1, "b", "1")));
  ASSERT_TRUE(actor.advance(std::chrono::seconds(5)));
  EXPECT_EQ(actor.take(), "{\"user\":\"b\",\"sum\":2,\"final\":false}\n");
  ASSERT_TRUE(actor.end());
  EXPECT_EQ(actor.take(),
            "{\"user\":\"a\",\"sum\":1,\"final\":true}\n{\"user\":\"b\",\"sum\":2,\"final\":true}\n");
}

TEST(Aggregate, in_processing_time_windows_end_by_the_clock) {
  ActorHarness actor("aggregate", "{ time: processing, window: { tumbling: 10s }, compute: { n: count } }",
                     "{ user: string }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed("{\"user\":\"a\"}\n{\"user\":\"b\"}\n"));
  EXPECT_EQ(actor.take(), "");
  ASSERT_TRUE(actor.advance(std::chrono::seconds(10)));
  EXPECT_NE(actor.take().find("\"n\":2,\"final\":true"), std::string::npos);
}

TEST(Aggregate, a_day_of_time_passes_in_no_time) {
  ActorHarness actor("aggregate", "{ time: processing, window: { tumbling: 24h }, compute: { n: count } }",
                     "{ user: string }");
  ASSERT_TRUE(actor.feed("{\"user\":\"a\"}\n"));
  ASSERT_TRUE(actor.advance(std::chrono::hours(24)));
  EXPECT_NE(actor.take().find("\"n\":1,\"final\":true"), std::string::npos);
}

TEST(Aggregate, times_before_1970_and_in_the_year_9999_have_windows) {
  ActorHarness actor("aggregate", "{ window: { tumbling: 1d }, compute: { n: count } }", kSchema);
  ASSERT_TRUE(actor.feed(R"({"t":"1969-12-31T23:59:59Z","user":"a","price":1}
{"t":"0001-01-01T00:00:00Z","user":"a","price":1}
{"t":"9999-12-31T23:59:59.999999Z","user":"a","price":1}
)"));
  ASSERT_TRUE(actor.end());
  const std::string out = actor.take();
  EXPECT_NE(out.find(R"("window_start":"1969-12-31T00:00:00Z","window_end":"1970-01-01T00:00:00Z","n":1)"),
            std::string::npos)
      << out;
  EXPECT_NE(out.find(R"("window_start":"0001-01-01T00:00:00Z")"), std::string::npos) << out;
  EXPECT_NE(out.find(R"("window_start":"9999-12-31T00:00:00Z")"), std::string::npos) << out;
}

TEST(Aggregate, a_row_without_a_time_or_with_a_failing_expression_is_rejected_once) {
  ActorHarness actor("aggregate",
                     "{ key: user, window: { tumbling: 1s }, time: t, compute: { a: { sum: 10 / price }, b: "
                     "{ max: 1 / price } } }",
                     "{ t: 'timestamp?', user: string, price: int64 }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"t":null,"user":"a","price":1}
{"t":0,"user":"a","price":0}
{"t":0,"user":"a","price":5}
)"));
  ASSERT_TRUE(actor.end());
  const std::string errors = actor.take("errors");
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 2) << errors;
  EXPECT_NE(errors.find("`time` is null"), std::string::npos) << errors;
  EXPECT_NE(actor.take().find("\"a\":2,\"b\":0"), std::string::npos);
}

TEST(Aggregate, a_group_beyond_the_limit_is_rejected_and_known_ones_go_on) {
  ActorHarness actor("aggregate", "{ key: user, groups: 1, window: { tumbling: 1m }, compute: { n: count } }",
                     kSchema);
  ASSERT_TRUE(actor.feed(row(1, "a", "1") + row(2, "b", "1") + row(3, "a", "1")));
  EXPECT_NE(actor.take("errors").find("raise `groups`"), std::string::npos);
  ASSERT_TRUE(actor.end());
  EXPECT_NE(actor.take().find(R"("user":"a","n":2)"), std::string::npos);
}

TEST(Aggregate, a_sum_that_does_not_fit_goes_to_errors_and_other_groups_come_out) {
  ActorHarness actor("aggregate",
                     "{ key: user, window: { tumbling: 1m }, compute: { n: count, s: { sum: price } } }",
                     kSchema);
  ASSERT_TRUE(actor.feed(row(1, "a", "9223372036854775807") + row(2, "b", "1") + row(3, "a", "1")));
  ASSERT_TRUE(actor.end());
  EXPECT_NE(actor.take("errors").find("`compute.s`: the sum does not fit an int64"), std::string::npos);
  const std::string out = actor.take();
  EXPECT_EQ(out.find("\"user\":\"a\""), std::string::npos) << out;
  EXPECT_NE(out.find("\"user\":\"b\",\"n\":1,\"s\":1"), std::string::npos) << out;
}

struct Problem {
  const char* name;
  const char* options;
  const char* schema;
  const char* says;
};
class Refused : public ::testing::TestWithParam<Problem> {};

TEST_P(Refused, with_words_that_help) {
  ActorHarness actor("aggregate", GetParam().options, GetParam().schema);
  EXPECT_NE(actor.problems().find(GetParam().says), std::string::npos) << actor.problems();
}

constexpr const char* kTwo = "{ a: timestamp, b: timestamp, v: int64, s: string }";
INSTANTIATE_TEST_SUITE_P(
    , Refused,
    ::testing::Values(
        Problem{"two_times", "{ window: { tumbling: 1s }, compute: { n: count } }", kTwo,
                "one of: a, b, or `processing`"},
        Problem{"no_time", "{ window: { tumbling: 1s }, compute: { n: count } }", "{ v: int64 }",
                "no timestamp field"},
        Problem{"two_windows", "{ time: a, window: { tumbling: 1s, count: 3 }, compute: { n: count } }", kTwo,
                "exactly one form"},
        Problem{"a_gap", "{ time: a, window: { hopping: { size: 1s, every: 2s } }, compute: { n: count } }",
                kTwo, "would belong to none"},
        Problem{"no_length", "{ time: a, window: { tumbling: 0s }, compute: { n: count } }", kTwo,
                "more than 0"},
        Problem{"a_misspelt_function", "{ compute: { n: { sun: v } } }", kTwo, "did you mean `sum`?"},
        Problem{"a_misspelt_setting", "{ compute: { n: { quantile: v, att: 0.5 } } }", kTwo,
                "did you mean `at`?"},
        Problem{"a_wrong_argument", "{ compute: { n: { sum: s } } }", kTwo, "takes an int64 or float64"},
        Problem{"no_argument", "{ compute: { n: sum } }", kTwo, "write `{ sum: EXPRESSION }`"},
        Problem{"a_key_without_a_name", "{ key: v + 1, compute: { n: count } }", kTwo, "name: EXPRESSION"},
        Problem{"a_name_twice", "{ key: s, compute: { s: count } }", kTwo, "two columns are named `s`"},
        Problem{"instances_without_a_key", "{ instances: 2, compute: { n: count } }", kTwo,
                "remove `instances`, or give it a `key`"},
        Problem{"a_misspelt_field", "{ key: usr, compute: { n: count } }", "{ user: string }",
                "did you mean `user`?"}),
    [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace leat
