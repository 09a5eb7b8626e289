#include "infer/remote/asked_rows.hpp"

#include <gtest/gtest.h>

#include <leat/batch_builder.hpp>

namespace leat {
namespace {

using namespace std::chrono_literals;

SchemaPtr schema() {
  static const SchemaPtr made = Schema::make({{"n", Type::int64}});
  return made;
}

Batch numbers(std::int64_t first, std::int64_t count, Time entered = kTimeMin) {
  BatchBuilder rows(schema());
  for (std::int64_t n = first; n < first + count; ++n) rows.add(n);
  return rows.finish().with_entered(entered);
}

/// Asked about with what is ten times as much; of these rows something is absent.
Question question(const Batch& rows, std::vector<std::uint32_t> absent = {}) {
  BatchBuilder asked(schema());
  for (const std::int64_t n : rows.column(0).int64s()) asked.add(10 * n);
  return {rows, {asked.finish().column(0)}, std::move(absent)};
}

std::vector<std::int64_t> values(const Column& column) {
  return {column.int64s().begin(), column.int64s().end()};
}

TEST(AskedRows, finds_rows_and_what_is_asked_about_them) {
  AskedRows rows;
  EXPECT_EQ(rows.add(question(numbers(0, 3), {1}), {7, 8, 9}, Time(5s)), 0u);
  EXPECT_EQ(rows.add(question(numbers(0, 0)), {}, Time(1s)), 3u);
  EXPECT_EQ(rows.add(question(numbers(3, 3)), {}, Time(4s)), 3u);
  EXPECT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows.watermark_limit(), Time(4s));
  EXPECT_EQ(rows.key(1), 8u);
  EXPECT_TRUE(rows.absent(1));
  EXPECT_FALSE(rows.absent(4));
  const std::vector<AskedRows::Row> some{5, 1, 2, 3};
  EXPECT_EQ(values(rows.rows(some).column(0)), (std::vector<std::int64_t>{5, 1, 2, 3}));
  EXPECT_EQ(values(rows.columns(some)[0]), (std::vector<std::int64_t>{50, 10, 20, 30}));
  EXPECT_EQ(values(rows.row(4).column(0)), std::vector<std::int64_t>{4});
}

TEST(AskedRows, holds_the_watermark_until_the_rows_are_gone) {
  AskedRows rows;
  rows.add(question(numbers(0, 2)), {}, Time(1s));
  rows.add(question(numbers(2, 1)), {}, Time(1s));
  rows.add(question(numbers(3, 1)), {}, Time(2s));
  for (const AskedRows::Row row : {1u, 2u}) rows.remove(row);
  EXPECT_EQ(rows.watermark_limit(), Time(1s));
  rows.remove(0);
  EXPECT_EQ(rows.watermark_limit(), Time(2s));
  rows.remove(3);
  EXPECT_EQ(rows.watermark_limit(), kTimeMax);
  EXPECT_EQ(rows.size(), 0u);
}

SavedRows loaded(const AskedRows& rows, std::optional<KeyShare> share = {}) {
  StateWriter state;
  rows.save(state);
  StateReader reader(state.take(), share);
  SavedRows saved;
  const auto odd = [](const KeyShare&, const Batch& batch) {
    std::vector<bool> ours;
    for (const std::int64_t n : batch.column(0).int64s()) ours.push_back(n % 2 == 1);
    return ours;
  };
  EXPECT_TRUE(load_rows(reader, schema(), odd, saved));
  return saved;
}

TEST(AskedRows, saves_the_rows_that_are_not_gone) {
  AskedRows rows;
  rows.add(question(numbers(0, 3, Time(100s))), {}, Time(5s));
  rows.add(question(numbers(3, 3, Time(200s))), {}, Time(6s));
  rows.remove(1);
  const SavedRows saved = loaded(rows);
  ASSERT_EQ(saved.rows.size(), 2u);
  EXPECT_EQ(values(saved.rows[0].column(0)), (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(saved.rows[0].entered(), Time(100s));
  EXPECT_EQ(values(saved.rows[1].column(0)), (std::vector<std::int64_t>{3, 4, 5}));
  EXPECT_EQ(saved.rows[1].entered(), Time(200s));
  EXPECT_EQ(saved.watermark, Time(5s));
}

TEST(AskedRows, another_number_of_instances_shares_them) {
  AskedRows rows;
  rows.add(question(numbers(0, 5)), {}, Time(5s));
  const SavedRows saved = loaded(rows, KeyShare(0, 2));
  ASSERT_EQ(saved.rows.size(), 1u);
  EXPECT_EQ(values(saved.rows[0].column(0)), (std::vector<std::int64_t>{1, 3}));
}

TEST(AskedRows, nothing_saved_holds_no_watermark) {
  EXPECT_EQ(loaded(AskedRows()).watermark, kTimeMax);
}

TEST(AskedRows, damaged_state_is_refused) {
  AskedRows rows;
  rows.add(question(numbers(0, 2)), {}, Time(5s));
  StateWriter state;
  rows.save(state);
  auto parts = state.take();
  const std::string whole = parts.at("rows");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size * 2 == whole.size()) continue;  // one row of two
    auto cut = parts;
    cut.at("rows").resize(size);
    SavedRows saved;
    EXPECT_FALSE(load_rows(StateReader(cut), schema(), {}, saved)) << size;
  }
  SavedRows saved;
  EXPECT_FALSE(load_rows(StateReader({}), schema(), {}, saved));
}

}  // namespace
}  // namespace leat
