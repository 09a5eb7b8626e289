#pragma once

#include <leat/result.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace leat {

/// Rows of float32 in row order; NaN is missing.
struct DenseRows {
  const float* values = nullptr;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
};

/// One model of the XGBoost library, which is loaded when the first one is made: the only door to it.
/// `predict` may be called by any threads at once once `set` and `train` are done with; the rest by one.
class Booster {
 public:
  virtual ~Booster() = default;
  /// The raw answers, `width` per row.
  virtual Status predict(DenseRows rows, std::vector<float>& answers) const = 0;
  virtual Status set(const std::string& name, const std::string& value) = 0;
  /// One more tree (or one per class).
  virtual Status train_round(int round) = 0;
  virtual Status save(const std::string& file) const = 0;  ///< .ubj or .json by its ending
  virtual Result<std::string> save_json() const = 0;
  /// The library's configuration as JSON: objective, number of classes, base score.
  virtual Result<std::string> config() const = 0;
  virtual Result<std::uint64_t> feature_count() const = 0;
  virtual Result<std::vector<std::string>> feature_names() const = 0;
};

Result<std::unique_ptr<Booster>> open_booster(const std::string& file);
/// A booster to train on these rows, which are copied; names may be empty.
Result<std::unique_ptr<Booster>> new_booster(DenseRows rows, std::span<const float> labels,
                                             std::span<const std::string> feature_names);
/// "1.7.4"; or why there is none, and what to do.
Result<std::string> xgboost_version();

}  // namespace leat
