#include "batch/msgpack_time.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(MsgpackTime, every_time_reads_back) {
  for (const std::int64_t micros : {INT64_MIN, INT64_MIN + 1, -1'000'001l, -1'000'000l, -1l, 0l, 1l, 999'999l,
                                    1'795'236'600'123'456l, INT64_MAX - 1, INT64_MAX}) {
    std::string packed;
    pack_time(Time(Duration(micros)), packed);
    ASSERT_EQ(packed.size(), 15u);
    EXPECT_EQ(packed.substr(0, 3), "\xc7\x0c\xff");
    EXPECT_EQ(unpack_time(packed.substr(3)), Time(Duration(micros))) << micros;
  }
}

TEST(MsgpackTime, reads_all_three_forms_of_the_standard) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(unpack_time("\x00\x00\x00\x01"sv), Time(Duration(1'000'000)));
  EXPECT_EQ(unpack_time("\xff\xff\xff\xff"sv), Time(Duration(4'294'967'295'000'000)));
  EXPECT_EQ(unpack_time("\x00\x00\x1f\x40\x00\x00\x00\x01"sv), Time(Duration(1'000'002)));  // 2000 ns
  EXPECT_EQ(unpack_time("\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"sv), Time(Duration(-1'000'000)));
}

TEST(MsgpackTime, near_misses_are_refused) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(unpack_time(""sv), std::nullopt);
  EXPECT_EQ(unpack_time("\0\0\0"sv), std::nullopt);
  EXPECT_EQ(unpack_time("\xff\xff\xff\xff\0\0\0\1"sv), std::nullopt) << "more than a second of nanoseconds";
  EXPECT_EQ(unpack_time("\x3b\x9a\xca\x00\0\0\0\0\0\0\0\0"sv), std::nullopt)
      << "exactly a second of nanoseconds";
  EXPECT_EQ(unpack_time("\0\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"sv), std::nullopt) << "beyond Time";
}

}  // namespace
}  // namespace leat
