#pragma once

#include "infer/engines.hpp"
#include "infer/training.hpp"

namespace leat {

/// The version that is current in a folder, asked as `infer` would ask it, whatever learnt it. Immutable.
class Incumbent {
 public:
  /// Nothing where there is no model, or one that reads other things. `features`: what the rows have; none:
  /// texts.
  static std::optional<Incumbent> open(const std::string& folder, std::span<const std::string> features);
  const ModelIdentity& identity() const { return model_->identity(); }
  /// A probability or number per row; an error where the model fails on any.
  Result<std::vector<float>> answers(const Examples& rows) const;

 private:
  Incumbent(ModelPtr model, std::uint32_t column) : model_(std::move(model)), column_(column) {}
  Result<Prediction> predict(const Examples& rows, std::uint64_t first, std::uint64_t count) const;

  ModelPtr model_;
  std::uint32_t column_;  // of its outputs: `score`, or the probabilities
};

}  // namespace leat
