#include "anomaly/forest.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <leat/random.hpp>

namespace leat {
namespace {

double score_and_learn(Scorer& forest, const std::vector<double>& values, std::int64_t time = 0) {
  const auto anomaly = forest.score(values, time);
  forest.learn(values, time);
  return anomaly ? anomaly->score : 0;
}

TEST(Forest, an_outlier_scores_far_above_the_rest_and_names_its_feature) {
  const auto forest = make_forest({.features = 2, .seed = 1});
  Random random(1);
  double greatest = 0;
  for (int row = 0; row < 2000; ++row) {
    const double score = score_and_learn(*forest, {random.unit(), random.unit()});
    if (row > 500) greatest = std::max(greatest, score);
  }
  const auto outlier = forest->score(std::vector{0.5, 8.0}, 0);
  EXPECT_GT(outlier->score, 2 * greatest);
  EXPECT_EQ(outlier->feature, 1u);
}

TEST(Forest, sees_values_that_are_usual_alone_and_strange_together) {
  const auto forest = make_forest({.features = 2, .seed = 1});
  Random random(2);
  std::vector<double> usual;
  for (int row = 0; row < 3000; ++row) {
    const double x = random.unit();
    const double score = score_and_learn(*forest, {x, x + 0.02 * random.unit()});
    if (row > 500) usual.push_back(score);
  }
  std::ranges::sort(usual);
  EXPECT_GT(forest->score(std::vector{0.2, 0.8}, 0)->score, usual[usual.size() * 99 / 100]);
}

TEST(Forest, a_shingle_sees_a_course_that_breaks_off) {
  const auto forest = make_forest({.features = 1, .shingle = 8, .seed = 1});
  std::vector<double> usual;
  for (int row = 0; row < 3000; ++row) {
    const double score = score_and_learn(*forest, {std::sin(row * 0.4)});
    if (row > 500) usual.push_back(score);
  }
  std::ranges::sort(usual);
  double greatest = 0;
  for (int row = 0; row < 8; ++row)
    greatest = std::max(greatest, score_and_learn(*forest, {0.3}));  // stands still
  EXPECT_GT(greatest, 1.5 * usual[usual.size() * 99 / 100]);
}

TEST(Forest, scores_do_not_hang_on_the_order_of_what_was_learnt) {
  // With room for all rows every tree holds the same points; only their order differs.
  Random random(3);
  std::vector<std::vector<double>> rows;
  for (int row = 0; row < 100; ++row) rows.push_back({random.unit(), random.unit()});
  const auto mean_score = [&](const std::vector<double>& asked) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto forest = make_forest({.features = 2, .trees = 100, .sample = 128, .seed = seed});
      for (const auto& row : rows) score_and_learn(*forest, row);
      sum += forest->score(asked, 0)->score;
    }
    return sum / 20;
  };
  const std::vector<double> inside{0.5, 0.5}, outside{1.3, 0.2};
  const double in_before = mean_score(inside), out_before = mean_score(outside);
  std::ranges::reverse(rows);
  EXPECT_NEAR(mean_score(inside) / in_before, 1, 0.05);
  EXPECT_NEAR(mean_score(outside) / out_before, 1, 0.05);
  std::ranges::sort(rows);
  EXPECT_NEAR(mean_score(inside) / in_before, 1, 0.05);
  EXPECT_NEAR(mean_score(outside) / out_before, 1, 0.05);
}

TEST(Forest, the_sample_holds_rows_of_all_times_alike_without_a_half_life) {
  // Rows 0 to 9 are like nothing that came since. A uniform sample of 250 of 500 holds half of them.
  const auto forest = make_forest({.features = 1, .trees = 200, .sample = 250, .seed = 1});
  const auto fading =
      make_forest({.features = 1, .trees = 200, .sample = 250, .half_life = {.rows = 25}, .seed = 1});
  Random random(4);
  for (int row = 0; row < 500; ++row) {
    const std::vector values{(row < 10 ? 100 : 0) + random.unit()};
    score_and_learn(*forest, values);
    score_and_learn(*fading, values);
  }
  // Beside k of those the displacement is (250 - k) / (k + 1): 41 for k = 5; without any it is 250.
  EXPECT_LT(forest->score(std::vector{100.5}, 0)->score, 80);
  EXPECT_GT(fading->score(std::vector{100.5}, 0)->score, 200);
}

TEST(Forest, a_half_life_of_time_fades_by_time_and_not_by_rows) {
  constexpr std::int64_t kHour = 3'600'000'000;
  const ForestOptions options{
      .features = 1, .trees = 100, .sample = 64, .half_life = {.us = kHour}, .seed = 1};
  const auto busy = make_forest(options), idle = make_forest(options);
  for (int row = 0; row < 64; ++row) {
    score_and_learn(*busy, {100.0 + row}, row);
    score_and_learn(*idle, {100.0 + row}, row);
  }
  Random random(5);
  for (int row = 0; row < 128; ++row) {
    const std::vector values{random.unit()};
    score_and_learn(*busy, values, row);               // within the same second
    score_and_learn(*idle, values, 20 * kHour + row);  // when the old rows count a millionth
  }
  EXPECT_LT(busy->score(std::vector{130.0}, 0)->score, 20);
  EXPECT_GT(idle->score(std::vector{130.0}, 0)->score, 60);
}

TEST(Forest, equal_seeds_give_equal_scores_and_others_do_not) {
  const auto scores = [](std::uint64_t seed) {
    const auto forest = make_forest({.features = 1, .trees = 5, .sample = 16, .seed = seed});
    Random random(6);
    std::vector<double> all;
    for (int row = 0; row < 100; ++row) all.push_back(score_and_learn(*forest, {random.unit()}));
    return all;
  };
  EXPECT_EQ(scores(1), scores(1));
  EXPECT_NE(scores(1), scores(2));
}

TEST(Forest, goes_on_from_a_snapshot_as_if_nothing_had_been) {
  const ForestOptions options{
      .features = 2, .trees = 6, .sample = 16, .shingle = 3, .half_life = {.rows = 20}, .seed = 1};
  for (const int saved_at : {0, 1, 2, 10, 40, 90}) {
    Random random(7);
    auto steady = make_forest(options), restarted = make_forest(options);
    for (int row = 0; row < 100; ++row) {
      const std::vector values{std::floor(random.unit() * 4), random.unit()};
      ASSERT_EQ(score_and_learn(*steady, values), score_and_learn(*restarted, values))
          << saved_at << " " << row;
      if (row != saved_at) continue;
      StateOut out;
      restarted->save(out);
      const std::string bytes = out.take();
      restarted = make_forest(options);
      StateIn in(bytes);
      restarted->load(in);
      ASSERT_TRUE(in.complete());
      for (std::size_t size = 0; size < bytes.size(); size += 7) {
        StateIn cut(std::string_view(bytes).substr(0, size));
        make_forest(options)->load(cut);
        EXPECT_FALSE(cut.complete());
      }
    }
  }
}

TEST(Forest, memory_stops_growing_when_the_samples_are_full) {
  const auto forest =
      make_forest({.features = 2, .trees = 10, .sample = 64, .half_life = {.rows = 30}, .seed = 1});
  Random random(8);
  const auto feed = [&](int rows) {
    for (int row = 0; row < rows; ++row) score_and_learn(*forest, {random.unit(), random.unit()});
  };
  feed(1000);
  const std::size_t before = forest->byte_size();
  feed(10'000);
  EXPECT_EQ(forest->byte_size(), before);
  EXPECT_LE(before, 10u * 65 * (2 * 24 + 48 + 16 + 16 + 8) + 10 * 512 + 1024);
}

}  // namespace
}  // namespace leat
