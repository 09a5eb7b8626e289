#include "batch/json_number.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace leat {
namespace {

TEST(PlainInteger, is_what_the_digits_say) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = random() % 2 == 0 ? "-" : "";
    text += static_cast<char>('1' + random() % 9);
    for (std::uint64_t more = random() % 18; more > 0; --more) text += static_cast<char>('0' + random() % 10);
    const auto number = plain_integer(text + (random() % 3 == 0 ? " \n" : ""));
    ASSERT_TRUE(number) << text;
    ASSERT_EQ(*number, std::stoll(text));
  }
  EXPECT_EQ(plain_integer("0"), 0);
  EXPECT_EQ(plain_integer("-999999999999999999"), -999'999'999'999'999'999);
}

TEST(PlainInteger, leaves_everything_else_to_the_parser) {
  for (const char* text : {"",
                           " ",
                           "-",
                           "--1",
                           "+1",
                           "01",
                           "00",
                           "-01",
                           "1.0",
                           "1e3",
                           "12345678.",
                           "1234567:",
                           "/2345678",
                           "1 2",
                           "\"1\"",
                           "null",
                           "1234567890123456789",
                           "12345678\xb1",
                           "0x10",
                           "1_000"})
    EXPECT_FALSE(plain_integer(text)) << text;
}

TEST(EightDigits, one_that_is_none_is_noticed_wherever_it_stands) {
  for (int at = 0; at < 8; ++at)
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = "12345678";
      text[static_cast<std::size_t>(at)] = static_cast<char>(byte);
      const bool good = byte >= '0' && byte <= '9';
      ASSERT_EQ(eight_digits(text.data()).has_value(), good) << at << " " << byte;
      if (good) {
        ASSERT_EQ(*eight_digits(text.data()), std::stoull(text));
      }
    }
}

}  // namespace
}  // namespace leat
