#include "infer/remote/request_body.hpp"

#include <gtest/gtest.h>

#include <leat/batch_builder.hpp>
#include <limits>

namespace leat {
namespace {

/// Two rows of every type that is sent.
Batch sample() {
  BatchBuilder rows(Schema::make({{"f", Type::float64, true},
                                  {"i", Type::int64},
                                  {"b", Type::boolean},
                                  {"s", Type::string},
                                  {"v", Type::float32_list},
                                  {"t", Type::timestamp}}));
  const float first[] = {1, 2.5f}, second[] = {3, 4};
  rows.add(0.1, 7, true, "a \"b\"", std::span<const float>(first), Time(Duration(0)));
  rows.add(std::nullopt, -7, false, "\xc3\xb6", std::span<const float>(second), Time(Duration(1)));
  return rows.finish();
}

std::vector<Column> columns(std::initializer_list<const char*> names) {
  const Batch batch = sample();
  std::vector<Column> list;
  for (const char* name : names) list.push_back(*batch.column(name));
  return list;
}

TEST(RequestBody, kserve_sends_tensors_by_name) {
  const BodyFormat format{.protocol = Protocol::kserve_v2,
                          .inputs = {{"count", "INT64", 1}, {"pair", "FP32", 2}, {"text", "BYTES", 1}},
                          .outputs = {"x", "y"}};
  EXPECT_EQ(*write_body(format, columns({"i", "i", "i", "s"})),
            R"({"inputs":[{"name":"count","shape":[2,1],"datatype":"INT64","data":[7,-7]},)"
            R"({"name":"pair","shape":[2,2],"datatype":"FP32","data":[7,7,-7,-7]},)"
            R"({"name":"text","shape":[2,1],"datatype":"BYTES","data":["a \"b\"","ö"]}],)"
            R"("outputs":[{"name":"x"},{"name":"y"}]})");
}

TEST(RequestBody, kserve_sends_a_list_as_a_row_of_its_tensor) {
  const BodyFormat format{.inputs = {{"v", "FP32", 1}}, .outputs = {"x"}};
  EXPECT_EQ(*write_body(format, columns({"v"})),
            R"({"inputs":[{"name":"v","shape":[2,2],"datatype":"FP32","data":[1,2.5,3,4]}],)"
            R"("outputs":[{"name":"x"}]})");
}

TEST(RequestBody, lists_of_several_lengths_make_no_tensor) {
  BatchBuilder rows(Schema::make({{"v", Type::float32_list}}));
  const float values[] = {1, 2};
  rows.add(std::span<const float>(values));
  rows.add(std::span<const float>(values, 1));
  const BodyFormat format{.inputs = {{"v", "FP32", 1}}};
  EXPECT_FALSE(write_body(format, {{rows.finish().column(0)}}));
}

TEST(RequestBody, invocations_send_an_object_per_row) {
  const BodyFormat named{.protocol = Protocol::invocations, .inputs = {{"f", "", 1}, {"ts", "", 2}}};
  EXPECT_EQ(*write_body(named, columns({"f", "b", "t"})),
            R"({"instances":[{"f":0.1,"ts":[true,"1970-01-01T00:00:00Z"]},)"
            R"({"f":null,"ts":[false,"1970-01-01T00:00:00.000001Z"]}]})");
  const BodyFormat unnamed{.protocol = Protocol::invocations, .inputs = {{"", "", 2}}};
  EXPECT_EQ(*write_body(unnamed, columns({"i", "b"})),
            R"({"instances":[{"features":[7,true]},{"features":[-7,false]}]})");
  const BodyFormat list{.protocol = Protocol::invocations, .inputs = {{"", "", 1}}};
  EXPECT_EQ(*write_body(list, columns({"v"})), R"({"instances":[{"features":[1,2.5]},{"features":[3,4]}]})");
}

TEST(RequestBody, template_puts_values_into_its_places) {
  const BodyFormat format{.protocol = Protocol::body, .texts = {"{\"a\":", ",\"b\":[", ",1]}"}};
  const std::vector<Column> two = columns({"s", "f"});
  EXPECT_EQ(*write_body(format, two), R"({"a":"a \"b\"","b":[0.1,1]})");
}

TEST(RequestBody, numbers_that_json_does_not_have_are_found) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  BatchBuilder rows(Schema::make({{"f", Type::float64, true}, {"v", Type::float32_list}}));
  const float good[] = {1}, bad[] = {1, std::numeric_limits<float>::infinity()};
  rows.add(1.0, std::span<const float>(good));
  rows.add(kNan, std::span<const float>(good));
  rows.add(std::nullopt, std::span<const float>(good));
  rows.add(kNan, std::span<const float>(bad));
  rows.add(2.0, std::span<const float>(bad));
  const Batch batch = rows.finish();
  EXPECT_EQ(unsayable_rows(batch.columns()), (std::vector<std::uint32_t>{1, 3, 4}));
}

TEST(RequestBody, kserve_takes_what_its_datatypes_can_hold) {
  EXPECT_TRUE(kserve_takes("FP32", Type::float64));
  EXPECT_TRUE(kserve_takes("FP32", Type::int64));
  EXPECT_TRUE(kserve_takes("UINT8", Type::int64));
  EXPECT_FALSE(kserve_takes("INT64", Type::float64));
  EXPECT_FALSE(kserve_takes("BYTES", Type::int64));
  EXPECT_FALSE(kserve_takes("fp32", Type::float64));
  EXPECT_FALSE(kserve_takes("FP32", Type::timestamp));
  for (const Type type : {Type::boolean, Type::int64, Type::float64, Type::string, Type::float32_list})
    EXPECT_TRUE(kserve_takes(kserve_datatype(type), type));
}

}  // namespace
}  // namespace leat
