#include "infer/tensor.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <leat/batch_builder.hpp>
#include <limits>

namespace leat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class... Values>
Column column(Type type, const Values&... values) {
  BatchBuilder builder(Schema::make({{"value", type, true}}));
  (builder.add(values), ...);
  return builder.finish().column(0);
}

template <class T>
std::vector<T> values(const Tensor& tensor) {
  const auto* first = static_cast<const T*>(tensor.data());
  return {first, first + tensor.size()};
}

struct Input {
  TensorType tensor;
  std::string says;  // "" = fits
  Type type = Type::float64;
  std::uint32_t width = 1;
};

TEST(Tensor, an_input_has_rows_and_fixed_values_behind_them) {
  const std::string sequence = "a sequence";
  const Input cases[] = {
      {{"a", Element::float32, {-1}, {}}, "", Type::float64, 1},
      {{"a", Element::float32, {-1, 28}, {}}, "", Type::float64, 28},
      {{"a", Element::float64, {-1, 2, 3}, {}}, "", Type::float64, 6},
      {{"a", Element::int64, {-1, 1}, {}}, "", Type::int64, 1},
      {{"a", Element::uint8, {1, 4}, {}}, "", Type::int64, 4},
      {{"a", Element::boolean, {-1}, {}}, "", Type::boolean, 1},
      {{"a", Element::string, {-1, 1}, {}}, "", Type::string, 1},
      {{"a", Element::float32, {-1, -1}, {}}, "", Type::float64, 0},
      {{"a", Element::int64, {}, {}}, "input `a` is int64[]: one value for all rows"},
      {{"a", Element::float32, {2, -1, 128}, {}}, "float32[2,?,128]: the number of rows is fixed"},
      {{"a", Element::float32, {-1, 3, -1, -1}, {}}, "more is left open"},
      {{"a", Element::other, {-1}, {}}, "no columns can fill that"},
      {{"a", Element::float32, {}, sequence}, "a sequence: no columns can fill that"},
  };
  for (const Input& expected : cases) {
    const Result<ModelInput> input = input_of(expected.tensor);
    ASSERT_EQ(input.has_value(), expected.says.empty()) << expected.tensor.text();
    if (input) {
      EXPECT_EQ(input->type, expected.type) << expected.tensor.text();
      EXPECT_EQ(input->width, expected.width) << expected.tensor.text();
    } else {
      EXPECT_THAT(input.error().message, HasSubstr(expected.says));
    }
  }
}

TEST(Tensor, columns_of_any_number_type_fill_floats_row_by_row) {
  const Column columns[] = {column(Type::float64, 1.5, 2.5, std::nullopt),
                            column(Type::int64, 7, std::nullopt, 9),
                            column(Type::boolean, true, false, std::nullopt)};
  const auto tensor = to_tensor({"x", Element::float32, {-1, 3}, {}}, columns, 3);
  ASSERT_TRUE(tensor);
  EXPECT_THAT(tensor->shape, ElementsAre(3, 3));
  const std::vector<float> found = values<float>(*tensor);
  EXPECT_THAT((std::vector<float>{found[0], found[1], found[2], found[3], found[5], found[7]}),
              ElementsAre(1.5f, 7, 1, 2.5f, 0, 9));
  for (const std::size_t missing : {4, 6, 8}) EXPECT_TRUE(std::isnan(found[missing])) << missing;
}

TEST(Tensor, slices_begin_where_they_begin) {
  const Column slices[] = {column(Type::int64, 1, 2, 3, 4).slice(1, 2),
                           column(Type::boolean, false, true, true, false).slice(2, 2)};
  const auto tensor = to_tensor({"x", Element::int64, {-1, 2}, {}}, slices, 2);
  ASSERT_TRUE(tensor);
  EXPECT_THAT(values<std::int64_t>(*tensor), ElementsAre(2, 1, 3, 0));
}

TEST(Tensor, integers_that_do_not_fit_are_an_error) {
  const Column fits[] = {column(Type::int64, -128, 127)};
  ASSERT_TRUE(to_tensor({"x", Element::int8, {-1}, {}}, fits, 2));
  EXPECT_THAT(values<std::int8_t>(*to_tensor({"x", Element::int8, {-1}, {}}, fits, 2)),
              ElementsAre(-128, 127));
  const Column beyond[] = {column(Type::int64, -128, 128)};
  const auto refused = to_tensor({"x", Element::int8, {-1}, {}}, beyond, 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::out_of_range);
  const Column negative[] = {column(Type::int64, -1)};
  EXPECT_FALSE(to_tensor({"x", Element::uint32, {-1}, {}}, negative, 1));
}

TEST(Tensor, a_list_is_a_row_of_values) {
  const std::vector<float> first{1, 2}, second{3, 4}, longer{5, 6, 7};
  const Column two[] = {
      column(Type::float32_list, std::span<const float>(first), std::span<const float>(second))};
  const auto tensor = to_tensor({"x", Element::float64, {-1, 2}, {}}, two, 2);
  ASSERT_TRUE(tensor);
  EXPECT_THAT(values<double>(*tensor), ElementsAre(1, 2, 3, 4));
  const Column other[] = {
      column(Type::float32_list, std::span<const float>(first), std::span<const float>(longer))};
  EXPECT_THAT(to_tensor({"x", Element::float32, {-1, 2}, {}}, other, 2).error().message,
              HasSubstr("a list of 3 values, where the model wants 2"));
  // A free width is that of the first row.
  EXPECT_THAT(to_tensor({"x", Element::float32, {-1, -1}, {}}, two, 2)->shape, ElementsAre(2, 2));
}

TEST(Tensor, lists_of_floats_stay_where_they_are_when_nothing_is_missing_among_them) {
  const std::vector<float> first{1, 2}, second{3, 4}, third{5, 6};
  const Column all = column(Type::float32_list, std::span<const float>(first), std::span<const float>(second),
                            std::span<const float>(third), std::nullopt);
  const TensorType type{"x", Element::float32, {-1, 2}, {}};
  const Column slice[] = {all.slice(1, 2)};
  const auto lent = to_tensor(type, slice, 2);
  ASSERT_TRUE(lent);
  EXPECT_EQ(lent->data(), all.floats(1).data());
  EXPECT_THAT(values<float>(*lent), ElementsAre(3, 4, 5, 6));
  const Column with_null[] = {all.slice(2, 2)};
  const auto copied = to_tensor(type, with_null, 2);
  ASSERT_TRUE(copied);
  EXPECT_NE(copied->data(), all.floats(2).data());
  EXPECT_TRUE(std::isnan(values<float>(*copied)[3]));
  const Column too_long[] = {all.slice(0, 3)};
  EXPECT_FALSE(to_tensor({"x", Element::float32, {-1, 3}, {}}, too_long, 3));
}

TEST(Tensor, more_rows_than_a_tile_keep_their_places) {
  BatchBuilder builder(Schema::make({{"a", Type::float64, true}, {"b", Type::int64}, {"c", Type::boolean}}));
  constexpr std::uint32_t kMany = 1000;
  for (std::uint32_t row = 0; row < kMany; ++row)
    builder.add(row % 7 == 3 ? std::nullopt : std::optional(row + 0.5), std::int64_t{row} - 500,
                row % 3 == 0);
  const Batch batch = builder.finish();
  const std::vector<Column> columns(batch.columns().begin(), batch.columns().end());
  const auto tensor = to_tensor({"x", Element::float32, {-1, 3}, {}}, columns, kMany);
  ASSERT_TRUE(tensor);
  const std::vector<float> found = values<float>(*tensor);
  for (std::uint32_t row = 0; row < kMany; ++row) {
    if (row % 7 == 3)
      ASSERT_TRUE(std::isnan(found[row * 3])) << row;
    else
      ASSERT_EQ(found[row * 3], static_cast<float>(row) + 0.5f) << row;
    ASSERT_EQ(found[row * 3 + 1], static_cast<float>(row) - 500) << row;
    ASSERT_EQ(found[row * 3 + 2], row % 3 == 0 ? 1 : 0) << row;
  }
}

TEST(Tensor, texts_stay_texts) {
  const Column texts[] = {column(Type::string, "a", std::nullopt), column(Type::string, "b", "c")};
  const auto tensor = to_tensor({"x", Element::string, {-1, 2}, {}}, texts, 2);
  ASSERT_TRUE(tensor);
  EXPECT_THAT(tensor->strings, ElementsAre("a", "b", "", "c"));
}

template <class T>
Tensor tensor(Element element, std::vector<std::int64_t> shape, const std::vector<T>& values) {
  Tensor made{element, std::move(shape), Memory::allocate(values.size() * sizeof(T)), {}};
  for (std::size_t at = 0; at < values.size(); ++at)
    reinterpret_cast<T*>(made.values.data())[at] = values[at];
  return made;
}

TEST(Tensor, outputs_are_columns_of_one_value_or_one_list) {
  const auto floats = to_column(tensor<float>(Element::float32, {2, 1}, {1.5f, 2.5f}), Type::float64, 2, "y");
  ASSERT_TRUE(floats);
  EXPECT_THAT(floats->float64s(), ElementsAre(1.5, 2.5));
  const auto integers = to_column(tensor<std::int32_t>(Element::int32, {2}, {-3, 4}), Type::int64, 2, "y");
  EXPECT_THAT(integers->int64s(), ElementsAre(-3, 4));
  const auto lists =
      to_column(tensor<double>(Element::float64, {2, 2}, {1, 2, 3, 4}), Type::float32_list, 2, "y");
  EXPECT_THAT(lists->floats(1), ElementsAre(3, 4));
  const auto flags = to_column(tensor<std::uint8_t>(Element::boolean, {2}, {0, 1}), Type::boolean, 2, "y");
  EXPECT_TRUE(flags->boolean(1));
  EXPECT_FALSE(flags->boolean(0));
  EXPECT_THAT(
      to_column(tensor<float>(Element::float32, {3}, {1, 2, 3}), Type::float64, 2, "y").error().message,
      HasSubstr("output `y` has 3 values for 2 rows"));
}

TEST(Tensor, outputs_without_a_place_in_a_column_are_told) {
  EXPECT_EQ(column_type({"y", Element::float32, {-1}, {}}), Type::float64);
  EXPECT_EQ(column_type({"y", Element::float32, {-1, 1}, {}}), Type::float64);
  EXPECT_EQ(column_type({"y", Element::float32, {-1, -1}, {}}), Type::float32_list);
  EXPECT_EQ(column_type({"y", Element::float64, {-1, 3, 4}, {}}), Type::float32_list);
  EXPECT_EQ(column_type({"y", Element::int64, {-1}, {}}), Type::int64);
  EXPECT_EQ(column_type({"y", Element::string, {-1}, {}}), Type::string);
  EXPECT_EQ(column_type({"y", Element::int64, {-1, 3}, {}}), std::nullopt);
  EXPECT_EQ(column_type({"y", Element::float32, {-1, -1, 4}, {}}), std::nullopt);
  EXPECT_EQ(column_type({"y", Element::float32, {}, "a sequence"}), std::nullopt);
}

}  // namespace
}  // namespace leat
