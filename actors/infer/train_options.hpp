#pragma once

#include <leat/describe.hpp>
#include <leat/fields.hpp>

#include "infer/drift_watch.hpp"
#include "infer/model_store.hpp"

namespace leat {

/// One entry of `compare`: an algorithm by its name, or a map that says more. What it leaves out is as the
/// actor has it.
struct ComparedAlgorithm {
  Place place;
  std::string name;
  std::string algorithm;
  std::optional<std::uint32_t> rounds, depth;
  std::optional<double> eta;
  std::optional<std::uint64_t> seed;
};
template <>
struct FieldTraits<ComparedAlgorithm> {
  static void describe(FieldInfo& info) { info.type = "algorithm, or map"; }
  static void read(const ConfigNode& node, ComparedAlgorithm& value, ReadContext& context);
  static std::string show(const ComparedAlgorithm& value) { return value.algorithm; }
};

/// What else makes it learn: `drift`, or a map that says more.
struct LearnOn {
  std::optional<DriftOptions> drift;
};
template <>
struct FieldTraits<LearnOn> {
  static void describe(FieldInfo& info) { info.type = "drift, or map"; }
  static void read(const ConfigNode& node, LearnOn& value, ReadContext& context);
  static std::string show(const LearnOn&) { return {}; }
};

struct TrainConfig {
  WrittenPath model;
  Named<Expression> features;
  Expression text;
  Expression label;
  std::string algorithm = "xgboost";
  std::vector<ComparedAlgorithm> compare;
  std::string objective = "binary:logistic";
  std::uint32_t rounds = 100;
  std::uint32_t depth = 6;
  double eta = 0.3;
  std::uint64_t seed = 1;
  double holdout = 0.2;
  Rows history{1'000'000};
  std::optional<Duration> every;
  LearnOn on;
  bool always = false;

  std::vector<std::string> feature_names() const;
  TrainingRun run() const;
};

Fields<TrainConfig> train_fields();
/// Reports what cannot be learnt, or not so.
void check_train(const TrainConfig& config, Describe& describe);

}  // namespace leat
