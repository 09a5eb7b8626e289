#include <gtest/gtest.h>

#include "batch/frame.hpp"

namespace leat {
namespace {

using std::string_view_literals::operator""sv;

TEST(MsgpackCheck, one_whole_value_is_well_formed) {
  for (const std::string_view bytes : {"\x00"sv,
                                       "\x7f"sv,
                                       "\xff"sv,
                                       "\xc0"sv,
                                       "\xc2"sv,
                                       "\xc3"sv,
                                       "\xa0"sv,
                                       "\xa1x"sv,
                                       "\x80"sv,
                                       "\x90"sv,
                                       "\x91\xc0"sv,
                                       "\x81\xa1k\x01"sv,
                                       "\xc4\x02xy"sv,
                                       "\xc5\x00\x01x"sv,
                                       "\xc6\x00\x00\x00\x01x"sv,
                                       "\xc7\x01\x05x"sv,
                                       "\xc8\x00\x01\x05x"sv,
                                       "\xc9\x00\x00\x00\x01\x05x"sv,
                                       "\xca\0\0\0\0"sv,
                                       "\xcb\0\0\0\0\0\0\0\0"sv,
                                       "\xcc\1"sv,
                                       "\xcd\1\2"sv,
                                       "\xce\1\2\3\4"sv,
                                       "\xcf\1\2\3\4\5\6\7\x8"sv,
                                       "\xd0\1"sv,
                                       "\xd1\1\2"sv,
                                       "\xd2\1\2\3\4"sv,
                                       "\xd3\1\2\3\4\5\6\7\x8"sv,
                                       "\xd4\1x"sv,
                                       "\xd5\1xx"sv,
                                       "\xd6\1xxxx"sv,
                                       "\xd7\1xxxxxxxx"sv,
                                       "\xd8\1xxxxxxxxxxxxxxxx"sv,
                                       "\xd9\1x"sv,
                                       "\xda\0\1x"sv,
                                       "\xdb\0\0\0\1x"sv,
                                       "\xdc\0\1\xc0"sv,
                                       "\xdd\0\0\0\1\xc0"sv,
                                       "\xde\0\1\xa1k\1"sv,
                                       "\xdf\0\0\0\1\xa1k\1"sv}) {
    EXPECT_TRUE(valid_msgpack(bytes)) << ::testing::PrintToString(bytes);
    EXPECT_FALSE(valid_msgpack(std::string(bytes) + '\0'))
        << "with a byte more: " << ::testing::PrintToString(bytes);
    EXPECT_FALSE(valid_msgpack(bytes.substr(0, bytes.size() - 1)))
        << "with a byte less: " << ::testing::PrintToString(bytes);
  }
}

TEST(MsgpackCheck, hostile_counts_and_the_unused_byte_are_refused) {
  for (const std::string_view bytes :
       {""sv, "\xc1"sv, "\xdd\xff\xff\xff\xff"sv, "\xdf\xff\xff\xff\xff"sv, "\xdf\x80\x00\x00\x00"sv,
        "\xdb\xff\xff\xff\xff"sv, "\xc9\xff\xff\xff\xff"sv, "\xdc\xff\xff\xc0\xc0"sv})
    EXPECT_FALSE(valid_msgpack(bytes)) << ::testing::PrintToString(bytes);
}

TEST(MsgpackCheck, nesting_ends_at_32) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '\x91') + '\xc0'; };
  EXPECT_TRUE(valid_msgpack(nested(32)));
  EXPECT_FALSE(valid_msgpack(nested(33)));
  EXPECT_FALSE(valid_msgpack(nested(1'000'000)));
}

}  // namespace
}  // namespace leat
