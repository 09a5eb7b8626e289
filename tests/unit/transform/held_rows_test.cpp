#include "transform/held_rows.hpp"

#include <algorithm>
#include <random>

namespace leat {
namespace {

const SchemaPtr& schema() {
  static const SchemaPtr numbers = Schema::make({{"n", Type::int64}});
  return numbers;
}

void hold(HeldRows& held, const std::vector<std::pair<std::int64_t, std::int64_t>>& timed) {
  BatchBuilder rows(schema());
  std::vector<std::uint32_t> numbers;
  std::vector<std::int64_t> times;
  for (const auto& [time, value] : timed) {
    numbers.push_back(rows.row_count());
    times.push_back(time);
    rows.add(value);
  }
  held.hold(rows.finish(), numbers, times, kTimeMin);
}

std::vector<std::int64_t> release(HeldRows& held, std::int64_t until, std::uint32_t rows_max = 1000) {
  std::vector<std::int64_t> values;
  held.release(until, rows_max, [&](const Batch& batch) {
    EXPECT_LE(batch.row_count(), rows_max);
    values.insert(values.end(), batch.column(0).int64s().begin(), batch.column(0).int64s().end());
  });
  return values;
}

TEST(HeldRows, go_in_the_order_of_their_time_and_equal_ones_as_they_came) {
  HeldRows held;
  hold(held, {{5, 1}, {3, 2}, {5, 3}});
  hold(held, {{5, 4}, {1, 5}, {3, 6}});
  EXPECT_EQ(held.next(), 1);
  EXPECT_EQ(release(held, 0), std::vector<std::int64_t>());
  EXPECT_EQ(release(held, 3), (std::vector<std::int64_t>{5, 2, 6}));
  EXPECT_EQ(release(held, INT64_MAX, 2), (std::vector<std::int64_t>{1, 3, 4}));
  EXPECT_EQ(held.next(), std::nullopt);
}

TEST(HeldRows, keep_order_through_save_and_load) {
  HeldRows held;
  hold(held, {{5, 1}, {3, 2}, {5, 3}, {INT64_MIN, 4}});
  StateWriter writer;
  held.save(writer, "held");
  HeldRows loaded;
  ASSERT_TRUE(loaded.load(StateReader(writer.parts()), "held", schema()));
  hold(loaded, {{5, 5}});
  EXPECT_EQ(release(loaded, INT64_MAX), (std::vector<std::int64_t>{4, 2, 1, 3, 5}));
}

TEST(HeldRows, say_which_state_is_missing_or_damaged) {
  HeldRows held;
  StateWriter writer;
  writer.write_bytes("held", "damaged");
  EXPECT_EQ(held.load(StateReader(writer.parts()), "kept", schema()).error().message,
            "the state has no part `kept`");
  EXPECT_EQ(held.load(StateReader(writer.parts()), "held", schema()).error().message,
            "the state's part `held` is damaged");
  EXPECT_EQ(held.size(), 0u);
}

TEST(HeldRows, agree_with_a_stable_sort_whatever_is_held_and_released) {
  std::mt19937_64 random(3);
  HeldRows held;
  std::vector<std::pair<std::int64_t, std::int64_t>> model;
  std::int64_t value = 0;
  for (int step = 0; step < 400; ++step) {
    std::vector<std::pair<std::int64_t, std::int64_t>> rows;
    for (std::uint64_t count = random() % 200; count > 0; --count)
      rows.emplace_back(static_cast<std::int64_t>(random() % 1000), value++);
    hold(held, rows);
    model.insert(model.end(), rows.begin(), rows.end());
    const auto until = static_cast<std::int64_t>(random() % 1000);
    std::ranges::stable_sort(model, {}, [](const auto& one) { return one.first; });
    std::vector<std::int64_t> expected;
    std::erase_if(model, [&](const auto& one) {
      if (one.first <= until) expected.push_back(one.second);
      return one.first <= until;
    });
    ASSERT_EQ(release(held, until, 64), expected);
    ASSERT_EQ(held.size(), model.size());
  }
}

}  // namespace
}  // namespace leat
