#pragma once

#include "infer/engines.hpp"

namespace leat {

/// The `xgboost` engine's load step. Outputs: `score`, what the objective gives (a probability of
/// binary:logistic); of multi:softprob label, score and probabilities; of multi:softmax label.
Result<ModelPtr> load_xgboost(const ModelFile& file, const ModelOptions& options);

}  // namespace leat
