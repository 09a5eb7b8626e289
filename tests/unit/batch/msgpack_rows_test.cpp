#include <gtest/gtest.h>

#include "batch/frame.hpp"
#include "support/sample_batches.hpp"

namespace leat {
namespace {

using testing::all_types, testing::random_batch;
using std::string_view_literals::operator""sv;

TEST(MsgpackRows, rows_are_maps_from_names_to_values) {
  BatchBuilder rows(Schema::make({{"id", Type::string}, {"n", Type::int64, true}, {"t", Type::timestamp}}));
  rows.add("a", std::nullopt, 1);
  EXPECT_EQ(to_msgpack(rows.finish(), 0),
            "\x83\xa2id\xa1"
            "a\xa1n\xc0\xa1t\xc7\x0c\xff\x00\x00\x03\xe8\x00\x00\x00\x00\x00\x00\x00\x00"sv);
}

TEST(MsgpackRows, every_row_is_well_formed) {
  const Batch batch = random_batch(all_types(), 50, 1);
  for (std::uint32_t row = 0; row < batch.row_count(); ++row)
    EXPECT_TRUE(valid_msgpack(to_msgpack(batch, row)));
}

TEST(MsgpackRows, values_print_as_json) {
  const std::pair<std::string_view, const char*> cases[] = {
      {"\xc0"sv, "null"},
      {"\x93\x01\xff\xc3"sv, "[1,-1,true]"},
      {"\x82\xa1k\xcb\x3f\xf8\0\0\0\0\0\0\x07\xc2"sv, R"({"k":1.5,"7":false})"},
      {"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"sv, "18446744073709551615"},
      {"\xca\x7f\xc0\0\0"sv, "null"},
      {"\xc4\x02\0\xff"sv, R"("AP8=")"},
      {"\xd6\xff\0\0\0\x01"sv, R"("1970-01-01T00:00:01Z")"},
      {"\xd4\x05x"sv, R"("eA==")"},
      {"\xa2\xff\""sv, "\"\xef\xbf\xbd\\\"\""},
  };
  for (const auto& [bytes, json] : cases) EXPECT_EQ(msgpack_to_json(bytes).value(), json);
  EXPECT_EQ(msgpack_to_json("\xdd\xff\xff\xff\xff"sv).error().code, Code::malformed_record);
  EXPECT_EQ(msgpack_to_json(""sv).error().code, Code::malformed_record);
}

TEST(MsgpackRows, json_goes_through_messagepack_unchanged) {
  for (const char* json :
       {"null", "true", "-1", "2.5", R"("ä\n")", "[]", "{}", R"({"a":[1,{"b":null}],"c":"d"})",
        "9223372036854775807", "18446744073709551615", "-9223372036854775808"}) {
    const Result<std::string> packed = json_to_msgpack(json);
    ASSERT_TRUE(packed) << json;
    EXPECT_EQ(msgpack_to_json(*packed).value(), json);
  }
  for (const char* json :
       {"", " ", "1,2", "1 2", "]", "[1],[2]", "1],[2", "{", "[1", "nul", "\"\xff\"", "01", "{\"a\"}"})
    EXPECT_FALSE(json_to_msgpack(json)) << json;
}

}  // namespace
}  // namespace leat
