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
