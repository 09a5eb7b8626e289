#pragma once

#include "infer/engines.hpp"

namespace leat {

/// What matters of a booster's configuration.
struct BoosterConfig {
  std::string objective;
  std::uint32_t classes = 0;  ///< of multi:*; else 0
  double base_score = 0.5;
  std::string booster;  ///< "gbtree", "dart", "gblinear"
};
Result<BoosterConfig> read_booster_config(const std::string& json);

/// The `xgboost` engine's load step. Outputs: `score`, what the objective gives (a probability of
/// binary:logistic); of multi:softprob label, score and probabilities; of multi:softmax label.
Result<ModelPtr> load_xgboost(const ModelFile& file, const ModelOptions& options);

}  // namespace leat
