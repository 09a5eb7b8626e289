#include <gtest/gtest.h>

#include "support/sample_batches.hpp"

namespace leat {
namespace {

using testing::all_types, testing::cells, testing::random_batch;

std::vector<std::string> part(const std::vector<std::string>& rows, std::size_t first, std::size_t count) {
  return {rows.begin() + static_cast<std::ptrdiff_t>(first),
          rows.begin() + static_cast<std::ptrdiff_t>(first + count)};
}

std::uint32_t nulls(const Column& column) {
  std::uint32_t count = 0;
  for (std::uint32_t row = 0; row < column.row_count(); ++row) count += column.is_null(row) ? 1 : 0;
  return count;
}

TEST(Batch, slices_of_slices_show_the_rows_they_name) {
  const Batch batch = random_batch(all_types(), 100, 1);
  const auto rows = cells(batch);
  for (const std::uint32_t first : {0u, 1u, 7u, 8u, 13u, 99u}) {
    const Batch slice = batch.slice(first, 100 - first);
    EXPECT_EQ(cells(slice), part(rows, first, 100 - first));
    for (std::uint32_t inner = 0; inner <= slice.row_count(); inner += 9) {
      const Batch again = slice.slice(inner, (slice.row_count() - inner) / 2);
      EXPECT_EQ(cells(again), part(rows, first + inner, again.row_count()));
      for (const Column& column : again.columns()) EXPECT_EQ(column.null_count(), nulls(column));
    }
  }
}

TEST(Batch, a_slice_weighs_what_its_rows_weigh) {
  const Batch batch = random_batch(all_types(), 100, 2);
  const Batch first = batch.slice(0, 50), second = batch.slice(50, 50);
  EXPECT_LT(first.byte_size(), batch.byte_size());
  EXPECT_GT(first.byte_size() + second.byte_size(), batch.byte_size() * 9 / 10);
  EXPECT_LE(batch.slice(10, 0).byte_size(), 8 * sizeof(std::int32_t));  // one offset per column that has them
}

TEST(Batch, the_default_one_is_empty_and_harmless) {
  const Batch none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.schema(), nullptr);
  EXPECT_EQ(none.byte_size(), 0u);
  EXPECT_EQ(none.column("id"), nullptr);
  EXPECT_TRUE(none.columns().empty());
  EXPECT_TRUE(none.slice(0, 0).empty());
  EXPECT_TRUE(none.take({}).empty());
  EXPECT_EQ(none.entered(), kTimeMin);
  EXPECT_EQ(to_json_lines(none), "");
}

TEST(Batch, may_have_rows_without_columns) {
  const Batch batch(Schema::make({}), {}, 3);
  EXPECT_EQ(batch.row_count(), 3u);
  EXPECT_EQ(batch.slice(1, 2).row_count(), 2u);
  EXPECT_EQ(to_json_lines(batch), "{}\n{}\n{}\n");
}

TEST(Batch, finds_columns_by_name) {
  const Batch batch = random_batch(all_types(), 1, 3);
  ASSERT_NE(batch.column("maybe_string"), nullptr);
  EXPECT_EQ(batch.column("maybe_string")->type(), Type::string);
  EXPECT_EQ(batch.column("nothing"), nullptr);
}

TEST(Batch, another_entry_time_leaves_other_handles_alone) {
  const Batch batch = random_batch(all_types(), 2, 4).with_entered(Time(Duration(5)));
  const Batch later = batch.with_entered(Time(Duration(9)));
  EXPECT_EQ(batch.entered(), Time(Duration(5)));
  EXPECT_EQ(later.entered(), Time(Duration(9)));
  EXPECT_EQ(later.slice(0, 1).entered(), Time(Duration(9)));
  EXPECT_EQ(cells(later), cells(batch));
}

TEST(Batch, another_schema_renames_without_copying) {
  BatchBuilder rows(Schema::make({{"a", Type::int64}}));
  rows.add(7);
  const Batch batch = rows.finish();
  const Batch renamed = batch.with_schema(Schema::make({{"b", Type::int64}}));
  EXPECT_EQ(renamed.column("b")->int64s().data(), batch.column("a")->int64s().data());
}

TEST(BatchDeathTest, columns_that_do_not_fit_are_a_bug) {
  BatchBuilder rows(Schema::make({{"a", Type::int64}}));
  rows.add(7);
  const Batch batch = rows.finish();
  EXPECT_DEATH(batch.with_schema(Schema::make({{"b", Type::string}})), "type");
  EXPECT_DEATH(batch.column(0).slice(1, 1), "parts_.rows");
  EXPECT_DEATH(batch.column(0).slice(1, UINT32_MAX), "parts_.rows");
}

}  // namespace
}  // namespace leat
