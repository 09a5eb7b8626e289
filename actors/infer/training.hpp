#pragma once

#include "infer/xgboost_library.hpp"

namespace leat {

/// Labelled rows in the order they came: of numbers, or (no columns) of texts. A view.
struct Examples {
  DenseRows numbers;
  std::span<const std::string> texts;
  std::span<const float> labels;

  std::uint64_t size() const { return labels.size(); }
};

/// Keeps the newest `rows_max` labelled rows. Without features, they are texts.
class TrainingRows {
 public:
  TrainingRows(std::uint32_t features, std::uint64_t rows_max) : features_(features), rows_max_(rows_max) {}
  void add(std::span<const float> features, float label);
  void add(std::string text, float label);
  std::uint64_t size() const { return labels_.size() - first_; }
  Examples rows(std::uint64_t first, std::uint64_t count) const;
  /// Lets go of all but the newest `count`.
  void keep(std::uint64_t count);

  std::string save() const;
  Status load(std::string_view bytes);

 private:
  void let_go();

  std::uint32_t features_;
  std::uint64_t rows_max_;
  std::vector<float> values_;  // row by row; the first `first_` rows have been let go of
  std::vector<std::string> texts_;
  std::vector<float> labels_;
  std::uint64_t first_ = 0;
};

/// What a learner may be told. What means nothing to it is ignored.
struct TrainingOptions {
  std::string algorithm = "xgboost";  ///< see learner.hpp
  std::string objective = "binary:logistic";
  std::uint32_t rounds = 100;
  std::uint32_t depth = 6;
  double eta = 0.3;
  std::uint64_t seed = 1;
  std::uint32_t threads = 1;
  std::vector<std::string> features;
};

/// How good answers are on rows that were not learnt from.
struct Metrics {
  std::optional<double> auc, log_loss;  ///< of binary:logistic
  std::optional<double> rmse;           ///< of the others
};
Metrics measure(const TrainingOptions& options, std::span<const float> answers,
                std::span<const float> labels);
/// Area under the ROC curve; equal scores count half. Nothing when all labels are the same.
std::optional<double> area_under_curve(std::span<const float> scores, std::span<const float> labels);
/// Whether `a` is better: greater AUC, else smaller log loss, else smaller RMSE.
bool better(const Metrics& a, const Metrics& b);

}  // namespace leat
