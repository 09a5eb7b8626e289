#include "anomaly/recent_scores.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <leat/random.hpp>

namespace leat {
namespace {

TEST(RecentScores, quantile_is_that_of_the_last_scores_sorted) {
  Random random(1);
  RecentScores scores(50);
  std::deque<double> model;
  for (int step = 0; step < 500; ++step) {
    for (const double share : {0.01, 0.5, 0.9, 0.98}) {
      std::vector<double> sorted(model.begin(), model.end());
      std::ranges::sort(sorted);
      const auto got = scores.quantile(share);
      const double beyond = static_cast<double>(sorted.size()) * (1 - share);
      ASSERT_EQ(got.has_value(), beyond > 0.999999) << step << " " << share;
      if (!got) continue;
      const auto at_most = std::ranges::upper_bound(sorted, *got) - sorted.begin();
      const auto below = std::ranges::lower_bound(sorted, *got) - sorted.begin();
      ASSERT_GE(static_cast<double>(at_most), share * static_cast<double>(sorted.size()) - 1e-6);
      ASSERT_LT(static_cast<double>(below), share * static_cast<double>(sorted.size()));
    }
    const double score = std::floor(random.unit() * 20);
    scores.add(score);
    model.push_back(score);
    if (model.size() > 50) model.pop_front();
  }
}

TEST(RecentScores, a_share_needs_as_many_scores_as_put_one_beyond_it) {
  RecentScores scores(1000);
  for (int at = 0; at < 99; ++at) scores.add(at);
  EXPECT_EQ(scores.quantile(0.99), std::nullopt);
  scores.add(99);
  EXPECT_EQ(scores.quantile(0.99), 98);
}

TEST(RecentScores, a_snapshot_keeps_the_order_and_fits_another_maximum) {
  RecentScores scores(4);
  for (const double score : {9.0, 1.0, 2.0, 3.0, 4.0}) scores.add(score);
  StateOut out;
  scores.save(out);
  const std::string bytes = out.take();
  RecentScores same(4), fewer(2);
  StateIn in(bytes), again(bytes);
  same.load(in);
  fewer.load(again);
  EXPECT_TRUE(in.complete());
  EXPECT_TRUE(again.complete());
  EXPECT_EQ(same.quantile(0.5), 2);
  EXPECT_EQ(fewer.quantile(0.5), 3);
  same.add(5);  // 1, the oldest, goes
  EXPECT_EQ(same.quantile(0.25), 2);
  fewer.add(5);
  EXPECT_EQ(fewer.quantile(0.5), 4);
}

}  // namespace
}  // namespace leat
