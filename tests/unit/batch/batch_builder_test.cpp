#include <gtest/gtest.h>

#include "batch/layout.hpp"
#include "support/sample_batches.hpp"

namespace leat {
namespace {

using testing::all_types, testing::append_random, testing::cells, testing::random_batch;

TEST(BatchBuilder, is_empty_again_after_finish_and_builds_the_same_once_more) {
  BatchBuilder rows(all_types());
  std::vector<std::string> first;
  for (int round = 0; round < 3; ++round) {
    std::mt19937_64 random(7);
    for (int row = 0; row < 20; ++row)
      for (std::size_t at = 0; at < all_types()->size(); ++at) append_random(rows.column(at), random);
    const auto built = cells(rows.finish());
    EXPECT_TRUE(rows.empty());
    EXPECT_EQ(rows.byte_size(), 0u);
    if (round == 0) first = built;
    EXPECT_EQ(built, first);
  }
}

TEST(BatchBuilder, truncate_takes_back_rows_as_if_they_never_were) {
  const Batch kept = random_batch(all_types(), 40, 1), dropped = random_batch(all_types(), 40, 2);
  for (const std::uint32_t at : {0u, 1u, 7u, 8u, 9u, 31u}) {
    BatchBuilder rows(all_types());
    for (std::uint32_t row = 0; row < at; ++row) rows.add_row_from(kept, row);
    const std::size_t bytes = rows.byte_size();
    for (std::uint32_t row = 0; row < 40; ++row) rows.add_row_from(dropped, row);
    rows.column(0).append(true);  // a row that is only half there
    rows.truncate(at);
    EXPECT_EQ(rows.row_count(), at);
    EXPECT_EQ(rows.byte_size(), bytes);
    for (std::uint32_t row = at; row < 40; ++row) rows.add_row_from(kept, row);
    const Batch batch = rows.finish();
    EXPECT_EQ(cells(batch), cells(kept));
    for (std::size_t column = 0; column < batch.columns().size(); ++column)
      EXPECT_EQ(batch.column(column).null_count(), kept.column(column).null_count());
  }
}

TEST(BatchBuilder, the_first_null_may_come_late_and_may_be_taken_back) {
  const SchemaPtr schema = Schema::make({{"n", Type::int64, true}, {"b", Type::boolean, true}});
  BatchBuilder rows(schema);
  for (int row = 0; row < 10; ++row) rows.add(row, row % 2 == 0);
  rows.add(std::nullopt, std::nullopt);
  rows.truncate(10);
  rows.add(10, true);
  rows.add(std::nullopt, std::nullopt);
  const Batch batch = rows.finish();
  EXPECT_EQ(batch.column(0).null_count(), 1u);
  for (std::uint32_t row = 0; row < 11; ++row) {
    EXPECT_FALSE(batch.column(0).is_null(row));
    EXPECT_EQ(batch.column(0).int64(row), row);
    EXPECT_EQ(batch.column(1).boolean(row), row % 2 == 0);
  }
  EXPECT_TRUE(batch.column(0).is_null(11));
}

TEST(BatchBuilder, every_buffer_is_aligned) {
  const Batch batch = random_batch(all_types(), 11, 1);
  for (const Column& column : batch.columns())
    for (const void* buffer :
         {static_cast<const void*>(column.parts().validity), static_cast<const void*>(column.parts().values),
          static_cast<const void*>(column.parts().offsets)})
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer) % Memory::kAlignment, 0u);
}

TEST(BatchBuilder, a_long_text_column_keeps_the_memory_it_grew_in) {
  const SchemaPtr schema = Schema::make({{"n", Type::int64}, {"text", Type::string, true}});
  BatchBuilder rows(schema);
  std::vector<Batch> batches;
  std::vector<Column> columns;  // live longer than their batches
  for (int round = 0; round < 5; ++round) {
    for (int row = 0; row < 300; ++row) {
      if (row % 7 == round)
        rows.add(row, std::nullopt);
      else
        rows.add(row, std::string(40, static_cast<char>('a' + (row + round) % 26)));
    }
    const std::byte* const end = rows.column(1).begin_text(0);
    Batch batch = rows.finish();
    EXPECT_TRUE(rows.empty());
    const Column& text = batch.column(1);
    EXPECT_EQ(text.parts().values + text.parts().offsets[300], end);
    columns.push_back(batch.column(1));
    batches.push_back(std::move(batch));
    if (round == 2) batches.clear();
  }
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(columns[round].null_count(), 43u);
    for (std::uint32_t row = 0; row < 300; ++row) {
      ASSERT_EQ(columns[round].is_null(row), static_cast<int>(row % 7) == round);
      if (columns[round].is_null(row)) continue;
      ASSERT_EQ(columns[round].text(row), std::string(40, static_cast<char>('a' + (row + round) % 26)));
    }
  }
}

TEST(BatchBuilder, a_batch_does_not_hold_memory_that_is_mostly_empty) {
  BatchBuilder rows(Schema::make({{"text", Type::string}}));
  for (int row = 0; row < 1000; ++row) rows.add(std::string(100, 'x'));
  rows.truncate(50);
  const std::byte* const end = rows.column(0).begin_text(0);
  const Batch batch = rows.finish();
  const std::byte* const values = batch.column(0).parts().values;
  EXPECT_TRUE(values + 5000 <= end - 5000 || values >= end) << "5 kB would hold 100";
  EXPECT_EQ(batch.column(0).text(49), std::string(100, 'x'));
}

TEST(BatchBuilder, batches_of_nothing_work) {
  const Batch none = BatchBuilder(all_types()).finish();
  EXPECT_EQ(none.row_count(), 0u);
  EXPECT_EQ(none.columns().size(), all_types()->size());
  EXPECT_EQ(BatchBuilder(Schema::make({})).finish().row_count(), 0u);
}

TEST(BatchBuilderDeathTest, misuse_is_a_bug_that_says_so) {
  BatchBuilder rows(Schema::make({{"a", Type::int64}, {"b", Type::int64}}));
  rows.column(0).append(1);
  EXPECT_DEATH(rows.finish(), "rows");
  EXPECT_DEATH(rows.column(1).append("text"), "type_");
}

}  // namespace
}  // namespace leat
