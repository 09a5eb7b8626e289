#include "aggregate/key_table.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace leat {
namespace {

std::vector<std::uint32_t> numbers_of(const Batch& batch, KeyTable& table, RowKeys& keys,
                                      std::uint32_t room = 1u << 30) {
  std::vector<std::uint32_t> rows(batch.row_count());
  std::iota(rows.begin(), rows.end(), 0u);
  std::vector<std::uint32_t> numbers(rows.size());
  keys.assign(batch.columns(), batch.row_count());
  table.find_or_add(keys, rows, room, numbers);
  return numbers;
}

TEST(KeyTable, equal_words_have_one_number) {
  BatchBuilder rows(Schema::make({{"k", Type::float64}}));
  for (const double value : {0.0, -0.0, 1.5, 1.5, __builtin_nan(""), -__builtin_nan("7")}) rows.add(value);
  RowKeys keys({Type::float64}, false);
  KeyTable table(keys.form());
  EXPECT_EQ(keys.form(), RowKeys::Form::word);
  EXPECT_EQ(numbers_of(rows.finish(), table, keys), (std::vector<std::uint32_t>{0, 0, 1, 1, 2, 2}));
}

TEST(KeyTable, parts_of_a_key_do_not_run_into_each_other) {
  BatchBuilder rows(Schema::make({{"a", Type::string, true}, {"b", Type::string, true}}));
  rows.add("ab", "c");
  rows.add("a", "bc");
  rows.add(std::nullopt, "abc");
  rows.add("", "abc");
  rows.add("ab", "c");
  rows.add("abc", std::nullopt);
  RowKeys keys({Type::string, Type::string}, true);
  KeyTable table(keys.form());
  EXPECT_EQ(numbers_of(rows.finish(), table, keys), (std::vector<std::uint32_t>{0, 1, 2, 3, 0, 4}));
}

TEST(KeyTable, keys_come_back_as_they_went_in) {
  const SchemaPtr schema = Schema::make({{"s", Type::string, true},
                                         {"i", Type::int64, true},
                                         {"f", Type::float64},
                                         {"b", Type::boolean},
                                         {"v", Type::float32_list}});
  BatchBuilder rows(schema);
  const std::vector<float> vector{1.5f, -2.0f};
  rows.add("x", 7, 0.25, true, std::span<const float>(vector));
  rows.add(std::nullopt, std::nullopt, -1.0, false, std::span<const float>());
  const Batch batch = rows.finish();
  std::vector<Type> types;
  for (const Field& field : schema->fields()) types.push_back(field.type);
  RowKeys keys(types, true);
  KeyTable table(keys.form());
  numbers_of(batch, table, keys);
  BatchBuilder back(schema);
  for (std::uint32_t number = 0; number < table.size(); ++number) table.decode(number, keys, back, 0);
  EXPECT_EQ(to_json_lines(back.finish()), to_json_lines(batch));
}

TEST(KeyTable, without_room_only_known_keys_are_found) {
  BatchBuilder rows(Schema::make({{"k", Type::int64}}));
  for (const std::int64_t value : {1, 2, 3, 1, 2}) rows.add(value);
  RowKeys keys({Type::int64}, false);
  KeyTable table(keys.form());
  constexpr std::uint32_t kNone = KeyTable::kNone;
  EXPECT_EQ(numbers_of(rows.finish(), table, keys, 2), (std::vector<std::uint32_t>{0, 1, kNone, 0, 1}));
}

TEST(KeyTable, many_keys_survive_growth) {
  BatchBuilder rows(Schema::make({{"k", Type::string}}));
  for (int value = 0; value < 50'000; ++value) rows.add(std::string_view(std::to_string(value)));
  const Batch batch = rows.finish();
  RowKeys keys({Type::string}, false);
  KeyTable table(keys.form());
  const auto first = numbers_of(batch, table, keys);
  EXPECT_EQ(table.size(), 50'000u);
  EXPECT_EQ(numbers_of(batch, table, keys), first);
}

}  // namespace
}  // namespace leat
