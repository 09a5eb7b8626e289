#pragma once

#include "infer/model_file.hpp"
#include "infer/training.hpp"

namespace leat {

/// What a training run came to.
struct TrainingResult {
  std::optional<std::uint64_t> version;  ///< that was written; nothing: the model was not taken
  std::uint64_t rows = 0;                ///< learnt from
  std::uint64_t held_out = 0;            ///< measured on, later than those
  Metrics metrics;
  Metrics previous;  ///< of the version that was there, on the same rows
  std::string message;
};

struct TrainingRun {
  std::string folder;  ///< versioned, as find_model reads it
  TrainingOptions options;
  double holdout = 0.2;  ///< share of the rows, the last ones
  bool always = false;   ///< take the new model even if it is worse
};

/// Learns from the first rows, measures on the rest, and writes a new version unless the one that is there is
/// as good on the same rows. A version is there whole or not at all. Takes as long as it takes: not for a
/// worker.
Result<TrainingResult> train_version(const TrainingRun& run, const TrainingRows& rows);

/// {"auc":0.93,"rows":800,...}: what stands in a version's metrics.json.
std::string metrics_json(const TrainingResult& result);

}  // namespace leat
