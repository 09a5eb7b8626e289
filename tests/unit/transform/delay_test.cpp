#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>

namespace leat {
namespace {

using std::chrono_literals::operator""s;

const std::string kSchema = "{ id: int64 }";

TEST(Delay, sends_each_row_on_after_the_time) {
  ActorHarness delay("delay", "{ for: 5s }", kSchema);
  ASSERT_EQ(delay.problems(), "");
  ASSERT_TRUE(delay.feed("{\"id\":1}\n{\"id\":2}\n"));
  ASSERT_TRUE(delay.advance(2s));
  ASSERT_TRUE(delay.feed("{\"id\":3}\n"));
  ASSERT_TRUE(delay.advance(Duration(2'999'999)));
  EXPECT_EQ(delay.take(), "");
  ASSERT_TRUE(delay.advance(Duration(1)));
  EXPECT_EQ(delay.take(), "{\"id\":1}\n{\"id\":2}\n");
  ASSERT_TRUE(delay.advance(2s));
  EXPECT_EQ(delay.take(), "{\"id\":3}\n");
  ASSERT_TRUE(delay.advance(100s));
  EXPECT_EQ(delay.take(), "");
}

TEST(Delay, sends_what_waits_at_once_when_the_input_ends) {
  ActorHarness delay("delay", "{ for: 1h }", kSchema);
  ASSERT_TRUE(delay.feed("{\"id\":1}\n{\"id\":2}\n"));
  ASSERT_TRUE(delay.end());
  EXPECT_EQ(delay.take(), "{\"id\":1}\n{\"id\":2}\n");
}

TEST(Delay, holds_the_watermark_with_the_rows) {
  ActorHarness delay("delay", "{ for: 5s }", kSchema);
  ASSERT_TRUE(delay.watermark(Time(10s)));
  EXPECT_EQ(delay.watermark_out(), Time(10s));
  ASSERT_TRUE(delay.feed("{\"id\":1}\n"));
  ASSERT_TRUE(delay.watermark(Time(20s)));
  ASSERT_TRUE(delay.advance(2s));
  ASSERT_TRUE(delay.feed("{\"id\":2}\n"));
  ASSERT_TRUE(delay.watermark(Time(30s)));
  EXPECT_EQ(delay.watermark_out(), Time(10s));
  ASSERT_TRUE(delay.advance(3s));
  EXPECT_EQ(delay.watermark_out(), Time(20s));
  ASSERT_TRUE(delay.restart());
  ASSERT_TRUE(delay.advance(1s));
  EXPECT_EQ(delay.watermark_out(), Time(20s));
  ASSERT_TRUE(delay.watermark(Time(40s)));
  ASSERT_TRUE(delay.advance(1s));
  EXPECT_EQ(delay.watermark_out(), Time(40s));
}

TEST(Delay, rejects_what_its_queue_cannot_hold) {
  ActorHarness delay("delay", "{ for: 5s, queue: 2 rows }", kSchema);
  ASSERT_TRUE(delay.feed("{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n"));
  EXPECT_THAT(delay.take("errors"), ::testing::HasSubstr("2 rows wait already; raise `queue`"));
  ASSERT_TRUE(delay.advance(5s));
  ASSERT_TRUE(delay.feed("{\"id\":4}\n"));
  ASSERT_TRUE(delay.advance(5s));
  EXPECT_EQ(delay.take(), "{\"id\":1}\n{\"id\":2}\n{\"id\":4}\n");
  EXPECT_EQ(delay.take("errors"), "");
}

TEST(Delay, keeps_time_through_a_restart) {
  ActorHarness delay("delay", "{ for: 5s }", kSchema);
  ASSERT_TRUE(delay.feed("{\"id\":1}\n"));
  ASSERT_TRUE(delay.advance(3s));
  ASSERT_TRUE(delay.restart());
  ASSERT_TRUE(delay.advance(1s));
  EXPECT_EQ(delay.take(), "");
  ASSERT_TRUE(delay.advance(1s));
  EXPECT_EQ(delay.take(), "{\"id\":1}\n");
}

TEST(Delay, of_nothing_is_over_at_the_next_turn) {
  ActorHarness delay("delay", "{ for: 0s }", kSchema);
  ASSERT_TRUE(delay.feed("{\"id\":1}\n"));
  ASSERT_TRUE(delay.advance(0s));
  EXPECT_EQ(delay.take(), "{\"id\":1}\n");
}

TEST(Delay, says_what_is_wrong_with_its_options) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "`for` is missing"},
      {"{ for: 5 }", "unit"},
      {"{ for: 5s, queue: 0 }", "`queue` is at least 1 row"},
      {"{ for: 5s, queu: 1 }", "did you mean `queue`?"},
  };
  for (const auto& [options, said] : cases)
    EXPECT_THAT(ActorHarness("delay", options, kSchema).problems(), ::testing::HasSubstr(said)) << options;
}

}  // namespace
}  // namespace leat
