#include <gtest/gtest.h>

#include <leat/units.hpp>

namespace leat {
namespace {

TEST(Clock, times_print_as_rfc_3339) {
  const std::pair<std::int64_t, const char*> cases[] = {
      {0, "1970-01-01T00:00:00Z"},
      {1, "1970-01-01T00:00:00.000001Z"},
      {-1, "1969-12-31T23:59:59.999999Z"},
      {1'500'000, "1970-01-01T00:00:01.5Z"},
      {1'795'236'600'000'000, "2026-11-21T04:50:00Z"},
      {951'782'400'000'000, "2000-02-29T00:00:00Z"},
      {-62'135'596'800'000'000, "0001-01-01T00:00:00Z"},
      {253'402'300'799'999'999, "9999-12-31T23:59:59.999999Z"},
  };
  for (const auto& [micros, text] : cases) {
    EXPECT_EQ(to_text(Time(Duration(micros))), text);
    EXPECT_EQ(parse_time(text).value(), Time(Duration(micros))) << text;
  }
}

TEST(Clock, times_beyond_the_calendar_print_as_microseconds) {
  for (const std::int64_t micros : {INT64_MIN, -62'135'596'800'000'001, 253'402'300'800'000'000, INT64_MAX})
    EXPECT_EQ(to_text(Time(Duration(micros))), std::to_string(micros));
}

TEST(Clock, the_system_clock_goes_on_and_is_of_this_century) {
  const Instant before = system_clock().steady();
  EXPECT_LE(before, system_clock().steady());
  EXPECT_GT(to_text(system_clock().now()), "2020-");
}

}  // namespace
}  // namespace leat
