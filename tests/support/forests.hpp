#pragma once

#include <gtest/gtest.h>

#include <random>

#include "infer/xgboost_library.hpp"

namespace leat::testing {

#define LEAT_NEEDS_XGBOOST() \
  if (const auto version = xgboost_version(); !version) GTEST_SKIP() << version.error().text()

struct Training {
  std::string objective = "binary:logistic";
  std::uint32_t classes = 0;
  int rounds = 20;
  int depth = 4;
};

/// A small forest over features a, b and c, always the same: trained on 2,000 seeded rows with gaps in c.
inline std::unique_ptr<Booster> train(const Training& training) {
  std::mt19937 random(11);
  const auto next = [&] { return static_cast<float>(random() % 1000) / 1000.0f; };
  std::vector<float> rows, labels;
  for (int row = 0; row < 2000; ++row) {
    const float a = next(), b = static_cast<float>(random() % 3), c = next();
    rows.insert(rows.end(), {a, b, row % 10 == 0 ? std::numeric_limits<float>::quiet_NaN() : c});
    const float risk = a + b * 0.3f - c + 0.2f * next();
    labels.push_back(training.classes == 0 ? (training.objective.starts_with("reg") ? risk : risk > 0.4f)
                     : risk > 0.8f         ? 2.0f
                     : risk > 0.2f         ? 1.0f
                                           : 0.0f);
  }
  const std::string names[] = {"a", "b", "c"};
  auto booster = new_booster({rows.data(), 2000, 3}, labels, names);
  EXPECT_TRUE(booster) << booster.error().text();
  EXPECT_TRUE((*booster)->set("objective", training.objective));
  EXPECT_TRUE((*booster)->set("max_depth", std::to_string(training.depth)));
  EXPECT_TRUE((*booster)->set("nthread", "1"));
  if (training.classes != 0) {
    EXPECT_TRUE((*booster)->set("num_class", std::to_string(training.classes)));
  }
  for (int round = 0; round < training.rounds; ++round) EXPECT_TRUE((*booster)->train_round(round));
  return *std::move(booster);
}

}  // namespace leat::testing
