#pragma once

#include "infer/learner.hpp"

namespace leat {

/// The learners that XGBoost does: a forest of gradient-boosted trees; and a linear model, logistic for
/// labels, by coordinate descent, which takes a missing value for 0.
Result<std::unique_ptr<Learnt>> learn_forest(const TrainingOptions& options, const Examples& rows);
Result<std::unique_ptr<Learnt>> learn_linear(const TrainingOptions& options, const Examples& rows);

Status xgboost_ready();

}  // namespace leat
