#include "transform/row_store.hpp"

namespace leat {
namespace {

Batch numbers(std::int64_t first, std::uint32_t count) {
  BatchBuilder rows(Schema::make({{"n", Type::int64}}));
  for (std::uint32_t at = 0; at < count; ++at) rows.add(first + at);
  return rows.finish();
}

TEST(RowStore, lets_a_batch_go_with_its_last_row) {
  RowStore store;
  const std::uint32_t slot = store.open(numbers(0, 10));
  const RowStore::At a = store.keep(slot, 3);
  const RowStore::At b = store.keep(slot, 9);
  store.close(slot);
  EXPECT_EQ(store.batch(b.slot).column(0).int64(b.row), 9);
  store.drop(a);
  EXPECT_EQ(store.batch(b.slot).row_count(), 10u);
  store.drop(b);
  EXPECT_EQ(store.kept(), 0u);
  EXPECT_EQ(store.open(numbers(0, 1)), slot);  // free again
}

TEST(RowStore, lets_a_batch_go_of_which_no_row_was_kept) {
  RowStore store;
  store.close(store.open(numbers(0, 10'000)));
  EXPECT_FALSE(store.wasteful());
}

TEST(RowStore, compacts_to_the_rows_that_are_kept) {
  RowStore store;
  std::vector<RowStore::At> kept;
  for (std::int64_t batch = 0; batch < 100; ++batch) {
    const std::uint32_t slot =
        store.open(numbers(batch * 1000, 1000).with_entered(Time(Duration(batch + 5))));
    for (std::uint32_t row = 0; row < 1000; row += 10) kept.push_back(store.keep(slot, row));
    store.close(slot);
  }
  ASSERT_TRUE(store.wasteful());
  store.compact([&](auto&& move) {
    for (RowStore::At& at : kept) move(at);
  });
  EXPECT_FALSE(store.wasteful());
  EXPECT_EQ(store.kept(), 10'000u);
  for (std::size_t at = 0; at < kept.size(); ++at)
    ASSERT_EQ(store.batch(kept[at].slot).column(0).int64(kept[at].row), static_cast<std::int64_t>(at) * 10);
  EXPECT_EQ(store.batch(kept[0].slot).entered(), Time(Duration(5)));
  for (const RowStore::At& at : kept) store.drop(at);
  EXPECT_EQ(store.kept(), 0u);
}

}  // namespace
}  // namespace leat
