#include "infer/micro_batch.hpp"

#include <gmock/gmock.h>

#include <leat/batch_builder.hpp>

namespace leat {
namespace {

using namespace std::chrono_literals;

Batch rows(std::int64_t first, std::int64_t count, Time entered = kTimeMin) {
  BatchBuilder builder(Schema::make({{"id", Type::int64}}));
  for (std::int64_t id = first; id < first + count; ++id) builder.add(id);
  return builder.finish().with_entered(entered);
}

std::vector<std::int64_t> ids(const std::optional<Batch>& batch) {
  if (!batch) return {};
  const auto values = batch->column(0).int64s();
  return {values.begin(), values.end()};
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Time kNow{1'000'000us};

TEST(MicroBatch, without_delay_rows_share_a_call_only_if_they_came_together) {
  MicroBatch waiting({.rows_max = 3});
  waiting.add(rows(1, 2), kNow, kTimeMin);
  EXPECT_THAT(ids(waiting.take(kNow)), ElementsAre(1, 2));
  waiting.add(rows(1, 7), kNow, kTimeMin);
  EXPECT_THAT(ids(waiting.take(kNow)), ElementsAre(1, 2, 3));
  EXPECT_THAT(ids(waiting.take(kNow)), ElementsAre(4, 5, 6));
  EXPECT_THAT(ids(waiting.take(kNow)), ElementsAre(7));
  EXPECT_FALSE(waiting.take(kNow));
  EXPECT_FALSE(waiting.due());
}

TEST(MicroBatch, full_calls_that_are_short_go_together_and_long_ones_alone) {
  MicroBatch waiting({.rows_max = 2});
  waiting.called(200us);  // two of them within half a millisecond
  waiting.add(rows(1, 7), kNow, kTimeMin);
  EXPECT_THAT(ids(waiting.take(kNow)), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(ids(waiting.take(kNow)), ElementsAre(5, 6));
  EXPECT_THAT(ids(waiting.take(kNow)), ElementsAre(7));
  waiting.called(600us);
  waiting.add(rows(1, 4), kNow, kTimeMin);
  EXPECT_THAT(ids(waiting.take(kNow)), ElementsAre(1, 2));
  // Rows that did not come together share a call, not a batch of several.
  MicroBatch apart({.rows_max = 2});
  apart.called(1us);
  for (std::int64_t id = 1; id <= 4; ++id) apart.add(rows(id, 1), kNow, kTimeMin);
  EXPECT_THAT(ids(apart.take(kNow)), ElementsAre(1, 2));
}

TEST(MicroBatch, a_full_call_goes_at_once_and_the_rest_after_the_delay_of_its_first_row) {
  MicroBatch waiting({.rows_max = 4, .delay = 5ms});
  waiting.add(rows(1, 3), kNow, kTimeMin);
  EXPECT_FALSE(waiting.take(kNow));
  EXPECT_EQ(waiting.due(), kNow + 5ms);
  waiting.add(rows(4, 3), kNow + 2ms, kTimeMin);
  EXPECT_THAT(ids(waiting.take(kNow + 2ms)), ElementsAre(1, 2, 3, 4));
  EXPECT_FALSE(waiting.take(kNow + 2ms));
  EXPECT_EQ(waiting.due(), kNow + 7ms);  // 5 and 6 came two milliseconds later
  EXPECT_FALSE(waiting.take(kNow + 7ms - 1us));
  EXPECT_THAT(ids(waiting.take(kNow + 7ms)), ElementsAre(5, 6));
}

TEST(MicroBatch, the_tightest_budget_closes_a_batch_early_enough_for_the_call) {
  MicroBatch waiting({.rows_max = 100, .delay = 50ms, .deadline = 20ms});
  waiting.called(4ms);
  waiting.add(rows(1, 1, kNow - 1ms), kNow, kTimeMin);
  EXPECT_EQ(waiting.due(), kNow - 1ms + 20ms - 4ms);
  // This one came later, and has been under way for longer.
  waiting.add(rows(2, 1, kNow - 10ms), kNow + 1ms, kTimeMin);
  EXPECT_EQ(waiting.due(), kNow - 10ms + 20ms - 4ms);
  EXPECT_FALSE(waiting.take(kNow + 6ms - 1us));
  EXPECT_THAT(ids(waiting.take(kNow + 6ms)), ElementsAre(1, 2));
  // The delay still counts where budgets are wide.
  MicroBatch wide({.rows_max = 100, .delay = 5ms, .deadline = 1s});
  wide.add(rows(1, 1, kNow), kNow, kTimeMin);
  EXPECT_EQ(wide.due(), kNow + 5ms);
}

TEST(MicroBatch, a_deadline_alone_lets_rows_wait_as_long_as_their_budget) {
  MicroBatch waiting({.rows_max = 100, .delay = {}, .deadline = 20ms});
  waiting.add(rows(1, 1), kNow, kTimeMin);  // nobody knows when it entered: now
  EXPECT_EQ(waiting.due(), kNow + 20ms);
  EXPECT_THAT(ids(waiting.take(kNow + 30ms)), ElementsAre(1));  // too late is still answered
}

TEST(MicroBatch, the_expected_call_rises_at_once_and_falls_slowly) {
  MicroBatch waiting({.rows_max = 100, .delay = {}, .deadline = 20ms});
  waiting.called(8ms);
  waiting.called(0ms);
  waiting.add(rows(1, 1), kNow, kTimeMin);
  EXPECT_EQ(waiting.due(), kNow + 20ms - 7500us);
}

TEST(MicroBatch, rows_that_wait_hold_the_watermark_they_came_under) {
  MicroBatch waiting({.rows_max = 3, .delay = 5ms});
  EXPECT_EQ(waiting.watermark_limit(), kTimeMax);
  waiting.add(rows(1, 1), kNow, Time(10us));
  waiting.add(rows(2, 1), kNow, Time(20us));
  EXPECT_EQ(waiting.watermark_limit(), Time(10us));
  EXPECT_THAT(ids(waiting.take_all()), ElementsAre(1, 2));
  EXPECT_EQ(waiting.watermark_limit(), kTimeMax);
}

}  // namespace
}  // namespace leat
