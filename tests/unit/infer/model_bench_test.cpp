#include "infer/model_bench.hpp"

#include <gmock/gmock.h>

namespace leat {
namespace {

using ::testing::HasSubstr;

TEST(ModelAdvice, takes_the_fewest_rows_that_come_near_the_best_rate) {
  // 1, 4, 16 and 64 rows per call, at 100, 250, 960 and 1000 thousand rows per second.
  const ModelAdvice advice = advise({{1, 1, 10}, {1, 4, 16}, {1, 16, 16.7}, {1, 64, 64}});
  EXPECT_EQ(advice.rows, 16u);
  EXPECT_EQ(advice.threads, 1u);
  EXPECT_EQ(advice.yaml(), "batch: { max: 16, delay: 16us }");
}

TEST(ModelAdvice, lets_no_row_wait_where_batches_bring_nothing) {
  const ModelAdvice advice = advise({{1, 1, 5000}, {1, 4, 19000}, {1, 16, 90000}});
  EXPECT_EQ(advice.rows, 1u);
  EXPECT_EQ(advice.delay_us, 0u);
  EXPECT_THAT(advice.why, HasSubstr("do not let rows wait"));
}

TEST(ModelAdvice, takes_more_threads_only_if_they_are_worth_it) {
  EXPECT_EQ(advise({{1, 1, 10}, {1, 64, 64}, {2, 1, 40}, {2, 64, 60}}).threads, 1u);
  const ModelAdvice two = advise({{1, 1, 10}, {1, 64, 64}, {2, 1, 40}, {2, 64, 34}});
  EXPECT_EQ(two.threads, 2u);
  EXPECT_EQ(two.rows, 64u);
  EXPECT_THAT(two.yaml(), HasSubstr("threads: 2"));
}

}  // namespace
}  // namespace leat
