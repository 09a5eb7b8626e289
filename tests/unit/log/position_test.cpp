#include <gmock/gmock.h>

#include <leat/ingest_log.hpp>

namespace leat {
namespace {

using Kind = LogPosition::Kind;

TEST(LogPosition, is_a_word_an_offset_or_a_time) {
  EXPECT_EQ(LogPosition::parse("oldest")->kind, Kind::oldest);
  EXPECT_EQ(LogPosition::parse("latest")->kind, Kind::latest);
  EXPECT_EQ(*LogPosition::parse("0"), (LogPosition{Kind::offset, 0, {}}));
  EXPECT_EQ(*LogPosition::parse("18446744073709551615"), (LogPosition{Kind::offset, UINT64_MAX, {}}));
  EXPECT_EQ(*LogPosition::parse("2026-01-31T08:00:00Z"),
            (LogPosition{Kind::time, 0, *parse_time("2026-01-31T08:00:00Z")}));
}

TEST(LogPosition, refuses_everything_else_and_says_what_it_wants) {
  for (const char* text :
       {"", "Oldest", "newest", "-1", "1.5", "12 ", "18446744073709551616", "2026-01-31", "0x10"}) {
    const auto position = LogPosition::parse(text);
    ASSERT_FALSE(position) << text;
    EXPECT_EQ(position.error().code, Code::bad_value);
    EXPECT_THAT(position.error().message, ::testing::HasSubstr("oldest, latest, an offset"));
  }
}

}  // namespace
}  // namespace leat
