#include <gtest/gtest.h>

#include <leat/units.hpp>

namespace leat {
namespace {

TEST(Units, sizes_need_a_unit) {
  const std::pair<const char*, std::uint64_t> good[] = {
      {"0B", 0},
      {"1B", 1},
      {"10kB", 10'000},
      {"64MiB", 64u << 20},
      {"1.5KiB", 1536},
      {"2 GiB", 2ull << 30},
      {" 1MB ", 1'000'000},
      {"3GB", 3'000'000'000},
  };
  for (const auto& [text, count] : good) EXPECT_EQ(parse_bytes(text).value().count, count) << text;
  for (const char* text : {"", "64", "MiB", "-1B", "1mib", "1 MiB x", "1e3B", "nanB", "infB", "0x10B",
                           "99999999999999GB", "1,5MB"})
    EXPECT_FALSE(parse_bytes(text)) << text;
}

TEST(Units, row_counts_are_whole) {
  const std::pair<const char*, std::uint64_t> good[] = {{"500", 500},    {"500 rows", 500},
                                                        {"10k", 10'000}, {"10k rows", 10'000},
                                                        {"1.5k", 1500},  {"2M", 2'000'000}};
  for (const auto& [text, count] : good) EXPECT_EQ(parse_rows(text).value().count, count) << text;
  for (const char* text : {"", "rows", "1.5", "10K", "10 k x", "-5", "10kB"})
    EXPECT_FALSE(parse_rows(text)) << text;
}

TEST(Units, durations_need_a_unit) {
  const std::pair<const char*, std::int64_t> good[] = {{"0", 0},
                                                       {"250ms", 250'000},
                                                       {"5s", 5'000'000},
                                                       {"1m", 60'000'000},
                                                       {"1min", 60'000'000},
                                                       {"1h30m", 5'400'000'000},
                                                       {"1.5s", 1'500'000},
                                                       {"2d", 172'800'000'000},
                                                       {"7us", 7}};
  for (const auto& [text, micros] : good) EXPECT_EQ(parse_duration(text).value().count(), micros) << text;
  for (const char* text : {"", "5", "s", "-5s", "5S", "5 s 3", "1h30", "1e9d", "999999999999d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Units, rates_are_per_time) {
  const std::pair<const char*, double> good[] = {
      {"500/s", 500}, {"10k/s", 10'000}, {"3/m", 0.05}, {"max", 0}, {"36 rows / h", 0.01}};
  for (const auto& [text, rate] : good) EXPECT_DOUBLE_EQ(parse_rate(text).value().per_second, rate) << text;
  for (const char* text : {"", "500", "/s", "0/s", "500/", "500/x", "-1/s", "Max"})
    EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(Units, times_have_a_zone) {
  const std::pair<const char*, const char*> good[] = {
      {"2026-11-21T04:50:00Z", "2026-11-21T04:50:00Z"},
      {"2026-11-21t04:50:00z", "2026-11-21T04:50:00Z"},
      {"2026-11-21 04:50:00+01:30", "2026-11-21T03:20:00Z"},
      {"2026-12-31T23:59:59.5-00:30", "2027-01-01T00:29:59.5Z"},
      {"2024-02-29T00:00:00.123456789Z", "2024-02-29T00:00:00.123456Z"},
  };
  for (const auto& [text, utc] : good) EXPECT_EQ(to_text(parse_time(text).value()), utc) << text;
  for (const char* text :
       {"", "2026-11-21", "2026-11-21T04:50:00", "2026-11-21T04:50Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T04:60:00Z", "2026-11-21T04:50:60Z",
        "0000-01-01T00:00:00Z", "2026-11-21T04:50:00.Z", "2026-11-21T04:50:00.1234567890Z",
        "2026-11-21T04:50:00+24:00", "2026-11-21T04:50:00+0100", "2026-11-21T04:50:00Z ",
        "20260-1-21T04:50:00Z"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Units, what_is_printed_reads_back) {
  for (const std::uint64_t count :
       {0ull, 1ull, 999ull, 1000ull, 1024ull, 10'000ull, 64ull << 20, 3ull << 30, 12345ull})
    EXPECT_EQ(parse_bytes(to_text(Bytes{count})).value().count, count) << to_text(Bytes{count});
  for (const std::int64_t micros : {1ll, 1500ll, 250'000ll, 90'000'000ll, 3'600'000'000ll, 86'400'000'000ll})
    EXPECT_EQ(parse_duration(to_text(Duration(micros))).value().count(), micros) << to_text(Duration(micros));
  EXPECT_EQ(to_text(Bytes{64u << 20}), "64MiB");
  EXPECT_EQ(to_text(Rows{10'000}), "10k");
  EXPECT_EQ(to_text(Duration(90'000'000)), "90s");
  EXPECT_EQ(to_text(Duration(-250'000)), "-250ms");
  EXPECT_EQ(to_text(Rate{}), "max");
  EXPECT_EQ(to_text(Rate{500}), "500/s");
}

TEST(Units, the_largest_numbers_print) {
  EXPECT_EQ(to_text(Bytes{UINT64_MAX}), "18446744073709551615B");
  EXPECT_EQ(to_text(Duration(INT64_MIN)), "-9223372036854775808us");
}

TEST(Units, errors_show_the_form_wanted) {
  const auto error = parse_bytes("64").error();
  EXPECT_EQ(error.code, Code::bad_value);
  EXPECT_EQ(error.message, "`64` is not a size; write a number and a unit, like 64MiB or 10kB");
}

}  // namespace
}  // namespace leat
