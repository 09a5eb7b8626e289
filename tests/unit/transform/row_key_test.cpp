#include "transform/row_key.hpp"

#include <cmath>
#include <leat/batch_builder.hpp>
#include <limits>
#include <set>

namespace leat {
namespace {

std::vector<std::string> keys_of(const Batch& batch) {
  std::vector<std::string> keys(batch.row_count());
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) append_key(batch.column(0), row, keys[row]);
  return keys;
}

std::size_t distinct(const std::vector<std::string>& keys) {
  return std::set<std::string>(keys.begin(), keys.end()).size();
}

TEST(RowKey, differs_when_values_do_and_null_is_a_value) {
  BatchBuilder texts(Schema::make({{"k", Type::string, true}}));
  for (const char* text : {"", "a", "b", "ab"}) texts.add(text);
  texts.add(std::nullopt);
  EXPECT_EQ(distinct(keys_of(texts.finish())), 5u);

  BatchBuilder numbers(Schema::make({{"k", Type::int64, true}}));
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN})
    numbers.add(number);
  numbers.add(std::nullopt);
  EXPECT_EQ(distinct(keys_of(numbers.finish())), 5u);

  BatchBuilder truths(Schema::make({{"k", Type::boolean, true}}));
  truths.add(true);
  truths.add(false);
  truths.add(std::nullopt);
  EXPECT_EQ(distinct(keys_of(truths.finish())), 3u);
}

TEST(RowKey, is_one_for_all_nans_and_for_both_zeros) {
  BatchBuilder numbers(Schema::make({{"k", Type::float64}}));
  for (const double number : {0.0, -0.0, std::nan("1"), -std::nan("2"), 1.0}) numbers.add(number);
  const std::vector<std::string> keys = keys_of(numbers.finish());
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_EQ(keys[2], keys[3]);
  EXPECT_EQ(distinct(keys), 3u);
}

TEST(StableHash, never_changes) {
  EXPECT_EQ(stable_hash(std::string_view()), 0xc3817c016ba4ff30u);
  EXPECT_EQ(stable_hash("a"), 0x5f29c2aadd9b8527u);
  EXPECT_EQ(stable_hash(std::uint64_t{0}), 0xe220a8397b1dcdafu);  // the first output of SplitMix64 from 0
}

}  // namespace
}  // namespace leat
