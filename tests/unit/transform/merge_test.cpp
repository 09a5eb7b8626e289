#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>

namespace leat {
namespace {

const std::string kSchema = "{ id: int64, at: 'timestamp?' }";

std::string row(std::int64_t id, std::int64_t at) {
  return fmt::format("{{\"id\":{},\"at\":{}}}\n", id, at);
}

std::string ids(ActorHarness& merge, const std::string& port = "out") {
  std::string text;
  for (const Batch& batch : merge.take_batches(port))
    for (const std::int64_t id : batch.column(0).int64s()) text += fmt::format(" {}", id);
  return text;
}

TEST(Merge, sends_rows_in_order_as_far_as_the_watermark_has_come) {
  ActorHarness merge("merge", "{}", kSchema);
  ASSERT_EQ(merge.problems(), "");
  ASSERT_TRUE(merge.feed(row(1, 10) + row(2, 30)));
  ASSERT_TRUE(merge.feed(row(3, 5) + row(4, 20)));
  EXPECT_EQ(ids(merge), "");
  ASSERT_TRUE(merge.watermark(Time(Duration(20))));
  EXPECT_EQ(ids(merge), " 3 1 4");
  ASSERT_TRUE(merge.feed(row(5, 21)));
  ASSERT_TRUE(merge.end());
  EXPECT_EQ(ids(merge), " 5 2");
}

TEST(Merge, keeps_rows_of_one_time_as_they_came) {
  ActorHarness merge("merge", "{}", kSchema);
  ASSERT_TRUE(merge.feed(row(1, 10) + row(2, 10)));
  ASSERT_TRUE(merge.restart());
  ASSERT_TRUE(merge.feed(row(3, 10) + row(4, 9)));
  ASSERT_TRUE(merge.end());
  EXPECT_EQ(ids(merge), " 4 1 2 3");
}

TEST(Merge, sends_rows_at_or_behind_the_watermark_to_late) {
  ActorHarness merge("merge", "{}", kSchema);
  ASSERT_TRUE(merge.watermark(Time(Duration(20))));
  ASSERT_TRUE(merge.restart());
  ASSERT_TRUE(merge.feed(row(1, 20) + row(2, 21) + row(3, 0)));
  ASSERT_TRUE(merge.end());
  EXPECT_EQ(ids(merge), " 2");
  EXPECT_EQ(ids(merge, "late"), " 1 3");
}

TEST(Merge, rejects_a_row_without_a_time) {
  ActorHarness merge("merge", "{}", kSchema);
  ASSERT_TRUE(merge.feed("{\"id\":1,\"at\":null}\n" + row(2, 1)));
  EXPECT_THAT(merge.take("errors"), ::testing::HasSubstr("\"code\":\"missing_value\""));
  ASSERT_TRUE(merge.end());
  EXPECT_EQ(ids(merge), " 2");
}

TEST(Merge, holds_no_more_rows_than_it_may) {
  ActorHarness merge("merge", "{ rows_max: 2 }", kSchema);
  ASSERT_TRUE(merge.feed(row(1, 1) + row(2, 2) + row(3, 3)));
  EXPECT_THAT(merge.take("errors"), ::testing::HasSubstr("2 rows wait for the watermark; raise `rows_max`"));
  ASSERT_TRUE(merge.watermark(Time(Duration(1))));
  ASSERT_TRUE(merge.feed(row(4, 4)));
  ASSERT_TRUE(merge.end());
  EXPECT_EQ(ids(merge), " 1 2 4");
}

TEST(Merge, knows_times_at_the_edges) {
  ActorHarness merge("merge", "{}", kSchema);
  ASSERT_TRUE(merge.feed(row(1, INT64_MAX) + row(2, -1) + row(3, INT64_MIN + 1)));
  ASSERT_TRUE(merge.end());
  EXPECT_EQ(ids(merge), " 3 2 1");
}

TEST(Merge, says_what_is_wrong_with_its_options) {
  const std::pair<const char*, const char*> cases[] = {
      {"{ time: processing }", "`merge` needs their event time"},
      {"{ time: id }", "timestamp"},
      {"{ rows_max: 0 }", "`rows_max` is at least 1 row"},
  };
  for (const auto& [options, said] : cases)
    EXPECT_THAT(ActorHarness("merge", options, kSchema).problems(), ::testing::HasSubstr(said)) << options;
}

}  // namespace
}  // namespace leat
