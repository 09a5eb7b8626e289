#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>
#include <random>

namespace leat {
namespace {

using std::chrono_literals::operator""s;

const std::string kSchema = "{ id: 'string?', at: 'timestamp?' }";

std::string row(const std::string& id, std::int64_t second) {
  return fmt::format("{{\"id\":{},\"at\":{}}}\n", id == "null" ? id : '"' + id + '"', second * 1'000'000);
}

/// "a@1 b@2", in seconds.
std::string brief(ActorHarness& dedupe, const std::string& port = "out") {
  std::string text;
  for (const Batch& batch : dedupe.take_batches(port))
    for (std::uint32_t at = 0; at < batch.row_count(); ++at)
      text += fmt::format("{}{}@{}", text.empty() ? "" : " ",
                          batch.column(0).is_null(at) ? "null" : batch.column(0).text(at),
                          batch.column(1).int64(at) / 1'000'000);
  return text;
}

TEST(Dedupe, sends_the_first_row_of_a_key_within_the_time) {
  ActorHarness dedupe("dedupe", "{ key: id, within: 10s }", kSchema);
  ASSERT_EQ(dedupe.problems(), "");
  ASSERT_TRUE(dedupe.feed(row("a", 0) + row("b", 1) + row("a", 9) + row("a", 10) + row("a", 12)));
  EXPECT_EQ(brief(dedupe), "a@0 b@1 a@10");
  EXPECT_EQ(dedupe.dropped("duplicate"), 2u);
}

TEST(Dedupe, compares_with_what_came_before_also_when_rows_come_out_of_order) {
  ActorHarness dedupe("dedupe", "{ key: id, within: 10s }", kSchema);
  ASSERT_TRUE(dedupe.feed(row("a", 20) + row("a", 11) + row("a", 10) + row("a", 1) + row("a", 15)));
  EXPECT_EQ(brief(dedupe), "a@20 a@10");
  EXPECT_EQ(dedupe.dropped("duplicate"), 3u);
}

TEST(Dedupe, takes_null_as_a_key_and_not_as_a_time) {
  ActorHarness dedupe("dedupe", "{ key: id, within: 10s }", kSchema);
  ASSERT_TRUE(dedupe.feed(row("null", 0) + row("", 0) + row("null", 1) + "{\"id\":\"a\",\"at\":null}\n"));
  EXPECT_EQ(brief(dedupe), "null@0 @0");
  EXPECT_EQ(dedupe.dropped("duplicate"), 1u);
  const std::string errors = dedupe.take("errors");
  EXPECT_THAT(errors, ::testing::HasSubstr("\"code\":\"missing_value\""));
  EXPECT_THAT(errors, ::testing::HasSubstr("the event time `at` is null"));
}

TEST(Dedupe, sends_a_row_behind_the_watermark_to_late_unless_it_is_known_to_be_a_duplicate) {
  ActorHarness dedupe("dedupe", "{ key: id, within: 10s }", kSchema);
  ASSERT_TRUE(dedupe.feed(row("a", 0)));
  ASSERT_TRUE(dedupe.watermark(Time(5s)));
  ASSERT_TRUE(dedupe.feed(row("a", 3) + row("b", 5) + row("b", 6)));
  EXPECT_EQ(brief(dedupe), "a@0 b@6");
  EXPECT_EQ(brief(dedupe, "late"), "b@5");
  EXPECT_EQ(dedupe.dropped("duplicate"), 1u);
}

TEST(Dedupe, forgets_what_the_watermark_has_passed_and_has_room_again) {
  ActorHarness dedupe("dedupe", "{ key: id, within: 10s, keys_max: 2 }", kSchema);
  ASSERT_TRUE(dedupe.feed(row("a", 0) + row("b", 0) + row("c", 0)));
  EXPECT_EQ(brief(dedupe), "a@0 b@0");
  EXPECT_THAT(dedupe.take("errors"), ::testing::HasSubstr("raise `keys_max`"));
  // A row in time comes after the watermark: at 9 it can still be a duplicate, at 10 no more.
  ASSERT_TRUE(dedupe.watermark(Time(9s) - Duration(2)));
  ASSERT_TRUE(dedupe.feed(row("c", 9)));
  EXPECT_EQ(brief(dedupe), "");
  ASSERT_TRUE(dedupe.watermark(Time(10s) - Duration(1)));
  ASSERT_TRUE(dedupe.feed(row("c", 10) + row("a", 10)));
  EXPECT_EQ(brief(dedupe), "c@10 a@10");
}

TEST(Dedupe, continues_where_it_was_saved) {
  ActorHarness dedupe("dedupe", "{ key: id, within: 10s }", kSchema);
  ASSERT_TRUE(dedupe.feed(row("a", 0) + row("null", 0)));
  ASSERT_TRUE(dedupe.watermark(Time(2s)));
  ASSERT_TRUE(dedupe.restart());
  ASSERT_TRUE(dedupe.feed(row("a", 9) + row("null", 9) + row("c", 1) + row("b", 9)));
  EXPECT_EQ(brief(dedupe), "a@0 null@0 b@9");
  EXPECT_EQ(brief(dedupe, "late"), "c@1");
  EXPECT_EQ(dedupe.dropped("duplicate"), 2u);
}

TEST(Dedupe, goes_by_the_clock_when_told_so) {
  ActorHarness dedupe("dedupe", "{ key: id, within: 10s, time: processing }", kSchema);
  ASSERT_EQ(dedupe.problems(), "");
  ASSERT_TRUE(dedupe.feed(row("a", 0) + row("a", 100)));
  ASSERT_TRUE(dedupe.advance(Duration(9'999'999)));
  ASSERT_TRUE(dedupe.feed(row("a", 0)));
  ASSERT_TRUE(dedupe.watermark(Time(1000s)));  // means nothing here
  ASSERT_TRUE(dedupe.advance(Duration(1)));
  ASSERT_TRUE(dedupe.feed(row("a", 7)));
  EXPECT_EQ(brief(dedupe), "a@0 a@7");
  EXPECT_EQ(dedupe.dropped("duplicate"), 2u);
}

TEST(Dedupe, knows_times_at_the_edges) {
  ActorHarness dedupe("dedupe", "{ key: id, within: 10s }", kSchema);
  BatchBuilder rows(Schema::make({{"id", Type::string, true}, {"at", Type::timestamp, true}}));
  for (const std::int64_t time : {INT64_MIN + 1, INT64_MAX, INT64_MIN + 2, INT64_MAX - 1, std::int64_t{-1}})
    rows.add("a", time);
  ASSERT_TRUE(dedupe.feed(rows.finish()));
  ASSERT_TRUE(dedupe.end());
  EXPECT_EQ(dedupe.dropped("duplicate"), 2u);
  EXPECT_EQ(dedupe.take("errors"), "");
}

// The rule itself: a row is a duplicate if a row of its key that was sent is less than `within` away.
TEST(Dedupe, agrees_with_a_model_on_rows_in_disorder) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20; ++round) {
    ActorHarness dedupe("dedupe", "{ key: id, within: 10s }", kSchema);
    std::map<std::string, std::vector<std::int64_t>> sent;
    std::string expected;
    std::uint64_t duplicates = 0;
    std::int64_t watermark = INT64_MIN / 2'000'000;
    for (std::int64_t step = 0; step < 300; ++step) {
      const std::string id(1, static_cast<char>('a' + random() % 3));
      const std::int64_t second = step + static_cast<std::int64_t>(random() % 30) - 20;
      bool duplicate = false;
      for (const std::int64_t other : sent[id]) duplicate |= std::abs(other - second) < 10;
      ASSERT_TRUE(dedupe.feed(row(id, second)));
      if (random() % 8 == 0) {
        ASSERT_TRUE(dedupe.restart());
      }
      // Behind the watermark, a duplicate may have been forgotten; it is then late, and never sent.
      if (second > watermark) {
        if (duplicate) {
          ++duplicates;
        } else {
          sent[id].push_back(second);
          expected += fmt::format("{}{}@{}", expected.empty() ? "" : " ", id, second);
        }
      } else {
        ++duplicates;
      }
      if (step % 5 == 0) {
        watermark = std::max(watermark, step - 10);
        ASSERT_TRUE(dedupe.watermark(Time(std::chrono::seconds(watermark))));
      }
    }
    EXPECT_EQ(brief(dedupe), expected);
    const std::string late = dedupe.take("late");
    EXPECT_EQ(
        dedupe.dropped("duplicate") + static_cast<std::uint64_t>(std::count(late.begin(), late.end(), '\n')),
        duplicates);
  }
}

TEST(Dedupe, says_what_is_wrong_with_its_options) {
  const std::pair<const char*, const char*> cases[] = {
      {"{ key: id }", "`within` is missing"},
      {"{ key: id, within: 0s }", "`within` is more than nothing"},
      {"{ key: id, within: 5 }", "unit"},
      {"{ key: idd, within: 5s }", "did you mean `id`?"},
      {"{ key: id, within: 5s, keys_max: 0 }", "`keys_max` is at least 1"},
  };
  for (const auto& [options, said] : cases)
    EXPECT_THAT(ActorHarness("dedupe", options, kSchema).problems(), ::testing::HasSubstr(said)) << options;
}

}  // namespace
}  // namespace leat
