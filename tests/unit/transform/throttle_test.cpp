#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>

namespace leat {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

const std::string kSchema = "{ id: int64, user: 'string?' }";

std::string row(std::int64_t id, const std::string& user) {
  return fmt::format("{{\"id\":{},\"user\":{}}}\n", id, user == "null" ? user : '"' + user + '"');
}

std::string ids(ActorHarness& throttle) {
  std::string text;
  for (const Batch& batch : throttle.take_batches())
    for (const std::int64_t id : batch.column(0).int64s()) text += fmt::format(" {}", id);
  return text;
}

TEST(Throttle, makes_rows_wait_for_their_turn) {
  ActorHarness throttle("throttle", "{ rate: 10/s, burst: 2 }", kSchema);
  ASSERT_EQ(throttle.problems(), "");
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "b") + row(3, "c") + row(4, "a")));
  EXPECT_EQ(ids(throttle), " 1 2");
  ASSERT_TRUE(throttle.advance(99ms));
  EXPECT_EQ(ids(throttle), "");
  ASSERT_TRUE(throttle.advance(1ms));
  EXPECT_EQ(ids(throttle), " 3");
  ASSERT_TRUE(throttle.advance(100ms));
  EXPECT_EQ(ids(throttle), " 4");
  ASSERT_TRUE(throttle.advance(10s));
  ASSERT_TRUE(throttle.feed(row(5, "a") + row(6, "a") + row(7, "a")));
  EXPECT_EQ(ids(throttle), " 5 6");
}

TEST(Throttle, gives_each_key_its_rate_and_keeps_its_order) {
  ActorHarness throttle("throttle", "{ key: user, rate: 1/s, burst: 1 }", kSchema);
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "a") + row(3, "b") + row(4, "null") + row(5, "null")));
  EXPECT_EQ(ids(throttle), " 1 3 4");
  ASSERT_TRUE(throttle.feed(row(6, "a") + row(7, "b")));
  EXPECT_EQ(ids(throttle), "");
  ASSERT_TRUE(throttle.advance(1s));
  EXPECT_EQ(ids(throttle), " 2 5 7");
  ASSERT_TRUE(throttle.advance(1s));
  EXPECT_EQ(ids(throttle), " 6");
}

TEST(Throttle, drops_and_counts_when_told_to) {
  ActorHarness throttle("throttle", "{ rate: 1/s, burst: 2, when_over: drop }", kSchema);
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "a") + row(3, "a") + row(4, "a")));
  EXPECT_EQ(ids(throttle), " 1 2");
  EXPECT_EQ(throttle.dropped("over_rate"), 2u);
  ASSERT_TRUE(throttle.advance(1s));
  EXPECT_EQ(ids(throttle), "");
  ASSERT_TRUE(throttle.feed(row(5, "a") + row(6, "a")));
  EXPECT_EQ(ids(throttle), " 5");
}

TEST(Throttle, sends_what_is_over_to_errors_when_told_to) {
  ActorHarness throttle("throttle", "{ rate: 1/s, burst: 1, when_over: errors }", kSchema);
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "a")));
  EXPECT_EQ(ids(throttle), " 1");
  EXPECT_THAT(throttle.take("errors"), ::testing::HasSubstr("over the rate of 1/s"));
}

TEST(Throttle, holds_no_more_rows_than_its_queue) {
  ActorHarness throttle("throttle", "{ rate: 1/s, burst: 1, queue: 2 }", kSchema);
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "a") + row(3, "a") + row(4, "a")));
  EXPECT_THAT(throttle.take("errors"), ::testing::HasSubstr("2 rows wait already; raise `queue` or `rate`"));
  ASSERT_TRUE(throttle.advance(1s));
  ASSERT_TRUE(throttle.feed(row(5, "a")));  // the rejected row took no turn
  ASSERT_TRUE(throttle.advance(2s));
  EXPECT_EQ(ids(throttle), " 1 2 3 5");
}

TEST(Throttle, counts_the_rates_of_no_more_keys_than_it_may) {
  ActorHarness throttle("throttle", "{ key: user, rate: 1/s, burst: 1, keys_max: 1, when_over: drop }",
                        kSchema);
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "b")));
  EXPECT_THAT(throttle.take("errors"), ::testing::HasSubstr("raise `keys_max`"));
  ASSERT_TRUE(throttle.advance(1s));
  ASSERT_TRUE(throttle.feed(row(3, "b")));
  EXPECT_EQ(ids(throttle), " 1 3");
}

TEST(Throttle, sends_what_waits_at_once_when_the_input_ends) {
  ActorHarness throttle("throttle", "{ rate: 1/m, burst: 1 }", kSchema);
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "a") + row(3, "a")));
  ASSERT_TRUE(throttle.end());
  EXPECT_EQ(ids(throttle), " 1 2 3");
}

TEST(Throttle, keeps_its_turns_through_a_restart) {
  ActorHarness throttle("throttle", "{ rate: 1/s, burst: 1 }", kSchema);
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "a")));
  ASSERT_TRUE(throttle.restart());
  ASSERT_TRUE(throttle.feed(row(3, "a")));
  EXPECT_EQ(ids(throttle), " 1");
  ASSERT_TRUE(throttle.advance(1s));
  EXPECT_EQ(ids(throttle), " 2");
  ASSERT_TRUE(throttle.advance(1s));
  EXPECT_EQ(ids(throttle), " 3");
}

TEST(Throttle, has_a_burst_of_one_second_when_none_is_given) {
  ActorHarness throttle("throttle", "{ rate: 3/s, when_over: drop }", kSchema);
  ASSERT_TRUE(throttle.feed(row(1, "a") + row(2, "a") + row(3, "a") + row(4, "a")));
  EXPECT_EQ(ids(throttle), " 1 2 3");
  ActorHarness slow("throttle", "{ rate: 3/m, when_over: drop }", kSchema);
  ASSERT_TRUE(slow.feed(row(1, "a") + row(2, "a")));
  EXPECT_EQ(ids(slow), " 1");
}

TEST(Throttle, says_what_is_wrong_with_its_options) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "`rate` is missing"},
      {"{ rate: 10 }", "10"},
      {"{ rate: max }", "`rate` is more than nothing and less than `max`"},
      {"{ rate: 1/s, burst: 0 }", "`burst` is at least 1"},
      {"{ rate: 1/s, when_over: dorp }", "did you mean `drop`?"},
      {"{ rate: 1/s, queue: 0 }", "`queue` is at least 1 row"},
      {"{ rate: 1/s, keys_max: 0 }", "`keys_max` is at least 1"},
  };
  for (const auto& [options, said] : cases)
    EXPECT_THAT(ActorHarness("throttle", options, kSchema).problems(), ::testing::HasSubstr(said)) << options;
}

}  // namespace
}  // namespace leat
