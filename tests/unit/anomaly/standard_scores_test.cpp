// zscore and ewma against their definitions, computed anew for each row from all rows that count.
#include <gmock/gmock.h>

#include <cmath>
#include <leat/random.hpp>

#include "anomaly/ewma.hpp"
#include "anomaly/moments.hpp"
#include "anomaly/zscore.hpp"

namespace leat {
namespace {

struct Weighted {
  double value, weight;
};

// Mean and unbiased variance under weights that say how reliable a value is.
std::pair<double, double> moments_of(const std::vector<Weighted>& values) {
  long double weight = 0, squares = 0, sum = 0, deviations = 0;
  for (const Weighted& one : values) {
    weight += one.weight;
    squares += static_cast<long double>(one.weight) * one.weight;
    sum += static_cast<long double>(one.weight) * one.value;
  }
  const long double mean = sum / weight;
  for (const Weighted& one : values) deviations += one.weight * (one.value - mean) * (one.value - mean);
  return {static_cast<double>(mean), static_cast<double>(deviations / (weight - squares / weight))};
}

double value_of(Random& random, int step) {
  if (step % 97 == 96) return 1e9 * (random.unit() - 0.5);  // an outlier that must leave no trace
  return 20 + random.unit() + (step > 600 ? 1e6 : 0);       // and a level that shifts
}

class ZScoreWindow : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ZScoreWindow, equals_the_definition_on_the_rows_of_the_window) {
  const std::uint64_t window = GetParam();
  Random random(window + 1);
  const auto scorer = make_zscore({.features = 1, .window = window});
  std::vector<double> rows;
  for (int step = 0; step < 1500; ++step) {
    const double value = value_of(random, step);
    std::vector<Weighted> counted;
    const std::size_t begin = window != 0 && rows.size() > window ? rows.size() - window : 0;
    for (std::size_t at = begin; at < rows.size(); ++at) counted.push_back({rows[at], 1});
    const auto got = scorer->score({&value, 1}, 0);
    ASSERT_EQ(got.has_value(), counted.size() >= 2);
    if (got) {
      const auto [mean, variance] = moments_of(counted);
      const double wanted = std::min(std::abs(value - mean) / std::sqrt(variance), kScoreMax);
      ASSERT_NEAR(got->score, wanted, 1e-4 * (1 + wanted)) << "step " << step;
    }
    scorer->learn({&value, 1}, 0);
    rows.push_back(value);
  }
}
INSTANTIATE_TEST_SUITE_P(, ZScoreWindow, ::testing::Values(0, 2, 3, 50, 400));

TEST(ZScore, the_feature_that_deviates_most_counts) {
  const auto scorer = make_zscore({.features = 3});
  for (const double value : {1.0, 2.0, 3.0}) scorer->learn(std::vector{value, 10 * value, 5.0}, 0);
  const auto quiet = scorer->score(std::vector{2.0, 20.0, 5.0}, 0);
  EXPECT_EQ(quiet->score, 0);
  const auto second = scorer->score(std::vector{3.0, 50.0, 5.0}, 0);
  EXPECT_DOUBLE_EQ(second->score, 3);
  EXPECT_EQ(second->feature, 1u);
}

TEST(ZScore, what_never_varied_makes_any_other_value_as_far_as_can_be) {
  const auto exact = make_zscore({.features = 1, .window = 4});
  const auto lenient = make_zscore({.features = 1, .window = 4, .deviation_min = 0.5});
  for (int step = 0; step < 9; ++step) {
    exact->learn(std::vector{0.1}, 0);
    lenient->learn(std::vector{0.1}, 0);
  }
  EXPECT_EQ(exact->score(std::vector{0.1}, 0)->score, 0);
  EXPECT_EQ(exact->score(std::vector{0.2}, 0)->score, kScoreMax);
  EXPECT_DOUBLE_EQ(lenient->score(std::vector{1.1}, 0)->score, 2);
}

TEST(ZScore, values_of_the_greatest_size_stay_finite) {
  const auto scorer = make_zscore({.features = 1, .window = 3});
  for (const double value : {1e150, -1e150, 1e150, -1e150, 1.0, 2.0, 3.0}) {
    const auto got = scorer->score({&value, 1}, 0);
    EXPECT_TRUE(!got || std::isfinite(got->score));
    scorer->learn({&value, 1}, 0);
  }
  EXPECT_DOUBLE_EQ(scorer->score(std::vector{4.0}, 0)->score, 2);
}

TEST(Ewma, equals_the_definition_by_rows) {
  Random random(4);
  const auto scorer = make_ewma({.features = 1, .half_life = {.rows = 20}});
  std::vector<double> rows;
  for (int step = 0; step < 600; ++step) {
    const double value = random.unit();
    std::vector<Weighted> counted;
    for (std::size_t at = 0; at < rows.size(); ++at)
      counted.push_back({rows[at], std::exp2(-static_cast<double>(rows.size() - at) / 20)});
    const auto got = scorer->score({&value, 1}, 0);
    ASSERT_EQ(got.has_value(), counted.size() >= 2);
    if (got) {
      const auto [mean, variance] = moments_of(counted);
      ASSERT_NEAR(got->score, std::abs(value - mean) / std::sqrt(variance), 1e-9);
    }
    scorer->learn({&value, 1}, 0);
    rows.push_back(value);
  }
}

TEST(Ewma, equals_the_definition_by_time_whatever_order_rows_come_in) {
  Random random(5);
  constexpr std::int64_t kHalfLife = 1'000'000;
  const auto scorer = make_ewma({.features = 1, .half_life = {.us = kHalfLife}});
  std::vector<std::pair<std::int64_t, double>> rows;
  std::int64_t clock = 1'700'000'000'000'000;
  for (int step = 0; step < 400; ++step) {
    clock += static_cast<std::int64_t>(random.next() % 200'000);
    const std::int64_t time = clock - static_cast<std::int64_t>(random.next() % 800'000);  // late at times
    const double value = random.unit();
    std::vector<Weighted> counted;
    for (const auto& [at, earlier] : rows)
      counted.push_back({earlier, std::exp2(-static_cast<double>(clock - at) / kHalfLife)});
    const auto got = scorer->score({&value, 1}, time);
    if (step >= 3) {
      ASSERT_TRUE(got.has_value());
      const auto [mean, variance] = moments_of(counted);
      ASSERT_NEAR(got->score, std::abs(value - mean) / std::sqrt(variance), 1e-6 * (1 + got->score)) << step;
    }
    scorer->learn({&value, 1}, time);
    rows.emplace_back(time, value);
  }
}

TEST(Ewma, a_history_that_a_gap_has_made_worthless_says_nothing) {
  const auto scorer = make_ewma({.features = 1, .half_life = {.us = 1000}});
  std::int64_t time = 0;
  for (const double value : {1.0, 2.0, 1.0, 2.0}) scorer->learn({&value, 1}, time += 10);
  EXPECT_TRUE(scorer->score(std::vector{9.0}, time).has_value());
  time += 100'000'000;
  scorer->learn(std::vector{50.0}, time);
  EXPECT_FALSE(scorer->score(std::vector{51.0}, time + 1).has_value());
  scorer->learn(std::vector{51.0}, time + 1);
  EXPECT_NEAR(scorer->score(std::vector{50.5}, time + 1)->score, 0, 0.01);
}

TEST(StandardScores, go_on_from_a_snapshot_as_if_nothing_had_been) {
  const auto make = [](int which) {
    return which == 0   ? make_zscore({.features = 2, .window = 7})
           : which == 1 ? make_zscore({.features = 2})
           : which == 2 ? make_ewma({.features = 2, .half_life = {.rows = 9}})
                        : make_ewma({.features = 2, .half_life = {.us = 900}});
  };
  for (int which = 0; which < 4; ++which)
    for (int saved_at = 0; saved_at < 20; ++saved_at) {
      Random random(6);
      auto steady = make(which), restarted = make(which);
      for (int step = 0; step < 30; ++step) {
        const std::vector values{random.unit(), random.unit()};
        const auto one = steady->score(values, step * 100), two = restarted->score(values, step * 100);
        ASSERT_EQ(one ? one->score : -1, two ? two->score : -1);
        steady->learn(values, step * 100);
        restarted->learn(values, step * 100);
        if (step != saved_at) continue;
        StateOut out;
        restarted->save(out);
        const std::string bytes = out.take();
        restarted = make(which);
        StateIn in(bytes);
        restarted->load(in);
        ASSERT_TRUE(in.complete());
        StateIn cut(std::string_view(bytes).substr(0, bytes.size() - 1));
        make(which)->load(cut);
        EXPECT_FALSE(cut.ok());
      }
    }
}

}  // namespace
}  // namespace leat
