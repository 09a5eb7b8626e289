#pragma once

#include "infer/training.hpp"

namespace leat {

/// What a learner made of some rows: not a version yet. `predict` is called by one thread.
class Learnt {
 public:
  virtual ~Learnt() = default;
  /// One answer per row: the probability of the label, or the number.
  virtual Status predict(const Examples& rows, std::vector<float>& answers) const = 0;
  /// Writes into a folder, which is there, what find_model and load_model read of it: model.ubj, or
  /// model.onnx and what stands beside it.
  virtual Status save(const std::string& folder) const = 0;
};

/// One way to learn. To add one: a function, and a line in learners.cpp.
struct Learner {
  std::string_view name;    ///< of `algorithm:`
  std::string_view engine;  ///< that serves what it writes
  bool texts = false;       ///< it learns from `text`; else from `features`
  bool values = true;       ///< it can learn numbers too (reg:squarederror), not only labels
  Result<void> (*ready)();  ///< whether it can be used here; the error says what to do
  /// May take long. The rows are at least one, of one kind, and stay while it runs. The same rows and options
  /// give the same model.
  Result<std::unique_ptr<Learnt>> (*learn)(const TrainingOptions& options, const Examples& rows);
};

std::span<const Learner> learners();
/// Null if there is none of that name.
const Learner* find_learner(std::string_view name);

}  // namespace leat
