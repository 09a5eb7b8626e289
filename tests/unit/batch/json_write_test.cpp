#include <gtest/gtest.h>

#include <limits>

#include "batch/json_text.hpp"
#include "support/sample_batches.hpp"

namespace leat {
namespace {

std::string string_of(std::string_view text) {
  std::string out;
  write_json_string(text, out);
  return out;
}
std::string number_of(double value) {
  std::string out;
  write_json_number(value, out);
  return out;
}

TEST(JsonWrite, strings_are_escaped_where_json_demands_it) {
  EXPECT_EQ(string_of("plain äß 😀 /"), "\"plain äß 😀 /\"");
  EXPECT_EQ(string_of("\"\\\n\r\t\b\x1f"), R"("\"\\\n\r\t\u0008\u001f")");
  EXPECT_EQ(string_of(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(string_of(""), R"("")");
}

TEST(JsonWrite, what_is_no_utf8_becomes_the_replacement_character) {
  EXPECT_EQ(string_of("a\xff\"b"), "\"a\xef\xbf\xbd\\\"b\"");
  EXPECT_EQ(string_of("\xc3"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(string_of("ä\xe2\x82"), "\"ä\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonWrite, numbers_are_the_shortest_that_read_back) {
  const std::pair<double, const char*> cases[] = {{0, "0.0"},    {-0.0, "-0.0"},    {2, "2.0"},
                                                  {0.1, "0.1"},  {1e300, "1e+300"}, {5e-324, "5e-324"},
                                                  {-2.5, "-2.5"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(number_of(value), text);
  EXPECT_EQ(number_of(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number_of(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonWrite, lists_have_null_for_what_json_can_not_say) {
  BatchBuilder rows(Schema::make({{"v", Type::float32_list}}));
  const float floats[] = {0.1f, std::numeric_limits<float>::infinity(), 2};
  rows.add(std::span<const float>(floats));
  EXPECT_EQ(to_json_lines(rows.finish()), "{\"v\":[0.1,null,2]}\n");
}

TEST(JsonWrite, one_object_per_row_with_names_escaped) {
  BatchBuilder rows(Schema::make({{"a\"b", Type::string}, {"t", Type::timestamp}, {"x", Type::any, true}}));
  rows.add("1", 1, std::string_view("\x92\x01\xa1x"));
  rows.add("2", INT64_MIN, std::nullopt);
  EXPECT_EQ(to_json_lines(rows.finish()),
            "{\"a\\\"b\":\"1\",\"t\":\"1970-01-01T00:00:00.000001Z\",\"x\":[1,\"x\"]}\n"
            "{\"a\\\"b\":\"2\",\"t\":-9223372036854775808,\"x\":null}\n");
}

}  // namespace
}  // namespace leat
