#pragma once

#include "infer/model_file.hpp"
#include "infer/training.hpp"

namespace leat {

/// What one algorithm made of the rows.
struct Candidate {
  std::string name;
  Metrics metrics;  ///< on the rows held out
};

/// What a training run came to.
struct TrainingResult {
  std::optional<std::uint64_t> version;  ///< that was written; nothing: no model was taken
  std::uint64_t rows = 0;                ///< learnt from
  std::uint64_t held_out = 0;            ///< measured on, later than those
  std::vector<Candidate> candidates;     ///< in the order they were asked for; none if there were no rows
  std::size_t best = 0;                  ///< of them
  Metrics previous;                      ///< of the version that was there, on the same rows
  std::string message;                   ///< what became of the best one
};

/// One algorithm with its options, under the name it has in reports.
struct NamedOptions {
  std::string name;
  TrainingOptions options;
};

struct TrainingRun {
  std::string folder;                    ///< versioned, as find_model reads it
  std::vector<NamedOptions> candidates;  ///< at least one; all learn from the same rows
  double holdout = 0.2;                  ///< share of the rows, the last ones
  bool always = false;  ///< take the best new model even if it is worse than the one that is there
};

/// Every candidate learns from the first rows and is measured on the rest; the best one becomes a new version
/// unless the one that is there is as good on the same rows. A version is there whole or not at all. Takes as
/// long as it takes: not for a worker.
Result<TrainingResult> train_version(const TrainingRun& run, const TrainingRows& rows);

/// {"algorithm":"xgboost","rows":800,...,"auc":0.93,"compared":{"linear":{"auc":0.9}}}: what stands in a
/// version's metrics.json.
std::string metrics_json(const TrainingResult& result);

}  // namespace leat
