#pragma once

#include "infer/xgboost_library.hpp"

namespace leat {

/// What matters of a booster's configuration.
struct BoosterConfig {
  std::string objective;
  std::uint32_t classes = 0;  ///< of multi:*; else 0
  double base_score = 0.5;
  std::string booster;  ///< "gbtree", "dart", "gblinear"
};
Result<BoosterConfig> read_booster_config(const std::string& json);

/// Answers of a booster: the library's own of forests; computed here of linear models, which the library
/// does not ask about rows in memory. Immutable; any threads.
class BoosterScorer {
 public:
  static Result<BoosterScorer> make(std::shared_ptr<const Booster> booster);
  const BoosterConfig& config() const { return config_; }
  Status predict(DenseRows rows, std::vector<float>& answers) const;

 private:
  BoosterScorer(std::shared_ptr<const Booster> booster, BoosterConfig config)
      : booster_(std::move(booster)), config_(std::move(config)) {}
  Status read_linear();

  std::shared_ptr<const Booster> booster_;
  BoosterConfig config_;
  // Of a linear model: a weight per feature and what is added; the sum goes through the sigmoid or not.
  std::vector<float> weights_;
  float base_ = 0;
  bool sigmoid_ = false;
};

}  // namespace leat
