#include "engine/router.hpp"

#include <leat/key_share.hpp>

#include "unit/engine/engine_fixture.hpp"

namespace leat::enginetest {
namespace {

struct Collect final : Outlet {
  void send(Batch batch) override { batches.push_back(std::move(batch)); }
  std::uint64_t room() const override { return free; }
  std::vector<Batch> batches;
  std::uint64_t free = 100;
};

Batch count(std::int64_t rows) {
  BatchBuilder builder(rows_schema());
  for (std::int64_t n = 0; n < rows; ++n) builder.add(n, Time(Duration(n)));
  return builder.finish();
}

void unexpected(const Batch&, std::uint32_t, Error error) {
  ADD_FAILURE() << error.text();
}

TEST(Router, spread_prefers_the_instance_with_most_credit) {
  Collect a, b;
  a.free = 10;
  b.free = 50;
  Router router(Route::spread, {}, {&a, &b});
  router.send(count(5), unexpected);
  EXPECT_EQ(b.batches.size(), 1u);
}

TEST(Router, spread_takes_turns_among_equals) {
  Collect a, b;
  Router router(Route::spread, {}, {&a, &b});
  for (int batch = 0; batch < 4; ++batch) router.send(count(1), unexpected);
  EXPECT_EQ(a.batches.size(), 2u);
  EXPECT_EQ(b.batches.size(), 2u);
}

TEST(Router, key_partitions_rows_and_keeps_their_order) {
  Collect a, b;
  Expression key("n % 7");
  ASSERT_FALSE(key.bind(rows_schema()));
  Router router(Route::key, {key}, {&a, &b});
  router.send(count(100), unexpected);
  std::size_t total = 0;
  for (const Collect* side : {&a, &b})
    for (const Batch& batch : side->batches) {
      total += batch.row_count();
      for (std::uint32_t row = 1; row < batch.row_count(); ++row)
        EXPECT_LT(batch.column(0).int64(row - 1), batch.column(0).int64(row));
    }
  EXPECT_EQ(total, 100u);
}

TEST(Router, a_row_whose_key_fails_is_reported_and_goes_nowhere) {
  Collect a, b;
  Expression key("10 / (n - 3)");
  ASSERT_FALSE(key.bind(rows_schema()));
  Router router(Route::key, {key}, {&a, &b});
  std::vector<std::uint32_t> failed;
  router.send(count(6), [&](const Batch&, std::uint32_t row, Error) { failed.push_back(row); });
  EXPECT_EQ(failed, std::vector<std::uint32_t>{3});
  std::size_t total = 0;
  for (const Collect* side : {&a, &b})
    for (const Batch& batch : side->batches) total += batch.row_count();
  EXPECT_EQ(total, 5u);
}

TEST(Router, key_groups_are_dealt_in_runs_so_that_halving_moves_whole_groups) {
  for (std::uint64_t hash = 0; hash < KeyShare::kGroups; ++hash) {
    EXPECT_LT(KeyShare::instance_of(hash, 4), 4u);
    EXPECT_EQ(KeyShare::instance_of(hash, 4) / 2, KeyShare::instance_of(hash, 2));
  }
}

TEST(Router, equal_doubles_are_one_key) {
  BatchBuilder builder(Schema::make({{"x", Type::float64, true}}));
  builder.add(0.0);
  builder.add(-0.0);
  builder.add(std::optional<double>());
  const Batch batch = builder.finish();
  std::vector<std::uint64_t> hashes(3);
  mix_hashes(batch.column(0), hashes);
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
}

}  // namespace
}  // namespace leat::enginetest
