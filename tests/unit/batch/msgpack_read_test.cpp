#include <gtest/gtest.h>

#include "support/sample_batches.hpp"

namespace leat {
namespace {

using testing::all_types, testing::cells, testing::random_batch;
using std::string_view_literals::operator""sv;

TEST(MsgpackRead, what_is_written_reads_back) {
  const Batch batch = random_batch(all_types(), 50, 1);
  BatchBuilder rows(all_types());
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    const Status status = read_msgpack(to_msgpack(batch, row), rows);
    ASSERT_TRUE(status) << status.error().message;
  }
  EXPECT_EQ(cells(rows.finish()), cells(batch));
}

TEST(MsgpackRead, any_values_keep_what_json_can_not_say) {
  const SchemaPtr schema = Schema::make({{"v", Type::any}});
  for (const std::string_view value :
       {"\xc4\x02\0\xff"sv, "\xd4\x05x"sv, "\xcb\x7f\xf0\0\0\0\0\0\0"sv, "\x81\x01\x02"sv,
        "\x92\xcb\x40\0\0\0\0\0\0\0\xca\x40\0\0\0"sv, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"sv, "\xc0"sv}) {
    BatchBuilder rows(schema);
    ASSERT_TRUE(read_msgpack("\x81\xa1v" + std::string(value), rows));
    EXPECT_EQ(rows.finish().column(0).text(0), value);
  }
}

TEST(MsgpackRead, numbers_and_times_come_in_the_forms_that_fit) {
  struct Case {
    Type type;
    std::string_view value;
    const char* wanted;
  };
  const Case cases[] = {
      {Type::int64, "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"sv, "9223372036854775807"},
      {Type::int64, "\xff"sv, "-1"},
      {Type::int64, "\xcf\x80\0\0\0\0\0\0\0"sv, "L0502 field `v`: the number does not fit an int64"},
      {Type::int64, "\xca\x3f\x80\0\0"sv, "L0501 field `v` is a int64, found a float"},
      {Type::float64, "\x02"sv, "2.0"},
      {Type::float64, "\xca\x3f\xc0\0\0"sv, "1.5"},
      {Type::float64,
       "\xa1"
       "1"sv,
       "L0501 field `v` is a float64, found a string"},
      {Type::timestamp, "\xd6\xff\0\0\0\x01"sv, "\"1970-01-01T00:00:01Z\""},
      {Type::timestamp, "\x01"sv, "\"1970-01-01T00:00:00.000001Z\""},
      {Type::timestamp,
       "\xb4"
       "1970-01-01T00:00:01Z"sv,
       "\"1970-01-01T00:00:01Z\""},
      {Type::timestamp, "\xd5\xff\0\0"sv, "L0501 field `v` is no timestamp that fits"},
      {Type::bytes, "\xa1x"sv, "\"eA==\""},
      {Type::string, "\xc4\x01x"sv, "L0501 field `v` is a string, found bytes"},
      {Type::string, "\xa1\xff"sv, "L0501 field `v` is not UTF-8"},
      {Type::boolean, "\x01"sv, "L0501 field `v` is a bool, found an integer"},
      {Type::float32_list, "\x92\x01\xca\x3f\xc0\0\0"sv, "[1,1.5]"},
      {Type::float32_list, "\x92\x01\xc0"sv, "L0501 field `v` has nil as element 1"},
      {Type::float32_list, "\x80"sv, "L0501 field `v` is a list<float32>, found a map"},
      {Type::string, "\xc0"sv, "L0503 field `v` is null"},
  };
  for (const auto& [type, value, wanted] : cases) {
    BatchBuilder rows(Schema::make({{"v", type}}));
    const Status status = read_msgpack("\x81\xa1v" + std::string(value), rows);
    EXPECT_EQ(rows.row_count(), status ? 1u : 0u);
    std::string found = status ? to_json_lines(rows.finish())
                               : code_number(status.error().code) + " " + status.error().message;
    if (status) found = found.substr(5, found.size() - 7);
    EXPECT_EQ(found, wanted) << to_text(type);
  }
}

TEST(MsgpackRead, maps_may_hold_strangers_but_no_field_twice) {
  const SchemaPtr schema = Schema::make({{"v", Type::int64}, {"w", Type::int64, true}});
  const auto message = [&](std::string_view bytes) {
    BatchBuilder rows(schema);
    const Status status = read_msgpack(bytes, rows);
    EXPECT_EQ(rows.row_count(), status ? 1u : 0u);
    return status ? to_json_lines(rows.finish()) : status.error().message;
  };
  EXPECT_EQ(message("\x83\xa1x\x90\x07\x07\xa1v\x01"sv), "{\"v\":1,\"w\":null}\n");
  EXPECT_EQ(message("\x82\xa1v\x01\xa1v\x02"sv), "field `v` stands twice");
  EXPECT_EQ(message("\x81\xa1w\x01"sv), "field `v` is missing");
  EXPECT_EQ(message("\x91\x01"sv), "a row is a map, found an array");
  EXPECT_EQ(message("\x81\xa1v"sv), "not one well-formed MessagePack value");
}

}  // namespace
}  // namespace leat
