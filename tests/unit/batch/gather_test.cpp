#include <gtest/gtest.h>

#include "support/sample_batches.hpp"

namespace leat {
namespace {

using testing::all_types, testing::cells, testing::random_batch;

TEST(Gather, take_gives_the_named_rows_in_the_named_order) {
  const Batch batch = random_batch(all_types(), 50, 1).slice(3, 40);
  const auto rows = cells(batch);
  const std::vector<std::uint32_t> selections[] = {
      {}, {0}, {39}, {5, 4, 5, 0}, {39, 0, 1, 2, 3, 4, 5, 6, 7, 8}};
  for (const auto& selection : selections) {
    std::vector<std::string> expected;
    for (const std::uint32_t row : selection) expected.push_back(rows[row]);
    const Batch taken = batch.take(selection);
    EXPECT_EQ(cells(taken), expected);
    for (std::size_t at = 0; at < batch.columns().size(); ++at) {
      EXPECT_EQ(cells(Batch(Schema::make({{"c", batch.column(at).type(), true}}),
                            std::vector<Column>{batch.column(at).take(selection)}, taken.row_count()))
                    .size(),
                selection.size());
      EXPECT_EQ(batch.column(at).take(selection).null_count(), taken.column(at).null_count());
    }
  }
}

TEST(Gather, concat_appends_parts_at_every_bit_offset) {
  for (const std::uint32_t rows : {0u, 1u, 7u, 8u, 9u}) {
    const Batch parts[] = {random_batch(all_types(), 20, 1).slice(3, rows),
                           random_batch(all_types(), 30, 2).slice(9, 21),
                           random_batch(all_types(), 5, 3).slice(0, 0), random_batch(all_types(), 64, 4)};
    std::vector<std::string> expected;
    for (const Batch& part : parts)
      for (const std::string& row : cells(part)) expected.push_back(row);
    const Batch whole = concat(parts);
    EXPECT_EQ(cells(whole), expected);
    std::uint32_t nulls = 0, sum = 0;
    for (std::uint32_t row = 0; row < whole.row_count(); ++row) nulls += whole.column(1).is_null(row) ? 1 : 0;
    for (const Batch& part : parts) sum += part.column(1).null_count();
    EXPECT_EQ(nulls, sum);
    EXPECT_EQ(whole.column(1).null_count(), sum);
  }
}

TEST(Gather, concat_of_parts_with_and_without_nulls_keeps_both) {
  const SchemaPtr schema = Schema::make({{"n", Type::int64, true}});
  BatchBuilder rows(schema);
  rows.add(1);
  rows.add(2);
  const Batch present = rows.finish();
  rows.add(std::nullopt);
  const Batch absent = rows.finish();
  const Batch parts[] = {present, absent, present};
  EXPECT_EQ(to_json_lines(concat(parts)), "{\"n\":1}\n{\"n\":2}\n{\"n\":null}\n{\"n\":1}\n{\"n\":2}\n");
}

TEST(Gather, the_oldest_entry_time_wins_and_unknown_ones_do_not_count) {
  const auto aged = [](std::int64_t micros) {
    return random_batch(all_types(), 1, 1).with_entered(Time(Duration(micros)));
  };
  const Batch parts[] = {aged(9), random_batch(all_types(), 1, 1), aged(5)};
  EXPECT_EQ(concat(parts).entered(), Time(Duration(5)));
  const Batch unknown[] = {random_batch(all_types(), 1, 1), random_batch(all_types(), 1, 1)};
  EXPECT_EQ(concat(unknown).entered(), kTimeMin);
  EXPECT_TRUE(concat({}).empty());
}

}  // namespace
}  // namespace leat
