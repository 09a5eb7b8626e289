#include "infer/boosters.hpp"

#include <filesystem>

#include "infer/booster_scorer.hpp"

namespace leat {
namespace {

using Settings = std::vector<std::pair<const char*, std::string>>;

class LearntBooster final : public Learnt {
 public:
  LearntBooster(std::shared_ptr<const Booster> booster, BoosterScorer scorer)
      : booster_(std::move(booster)), scorer_(std::move(scorer)) {}
  Status predict(const Examples& rows, std::vector<float>& answers) const override {
    return scorer_.predict(rows.numbers, answers);
  }
  Status save(const std::string& folder) const override {
    return booster_->save((std::filesystem::path(folder) / "model.ubj").string());
  }

 private:
  std::shared_ptr<const Booster> booster_;
  BoosterScorer scorer_;
};

Result<std::unique_ptr<Learnt>> boost(const TrainingOptions& options, const Examples& rows,
                                      Settings settings) {
  LEAT_TRY_ASSIGN(std::unique_ptr<Booster> made, new_booster(rows.numbers, rows.labels, options.features));
  const std::shared_ptr<Booster> booster = std::move(made);
  settings.insert(settings.end(), {{"objective", options.objective},
                                   {"eta", std::to_string(options.eta)},
                                   {"seed", std::to_string(options.seed)},
                                   {"nthread", std::to_string(options.threads)},
                                   {"verbosity", "0"}});
  for (const auto& [name, value] : settings) LEAT_TRY(booster->set(name, value));
  for (std::uint32_t round = 0; round < options.rounds; ++round)
    LEAT_TRY(booster->train_round(static_cast<int>(round)));
  LEAT_TRY_ASSIGN(BoosterScorer scorer, BoosterScorer::make(booster));
  return std::make_unique<LearntBooster>(booster, std::move(scorer));
}

}  // namespace

Result<std::unique_ptr<Learnt>> learn_forest(const TrainingOptions& options, const Examples& rows) {
  return boost(options, rows, {{"max_depth", std::to_string(options.depth)}});
}

Result<std::unique_ptr<Learnt>> learn_linear(const TrainingOptions& options, const Examples& rows) {
  // `shotgun`, the default, gives another model each time.
  return boost(options, rows, {{"booster", "gblinear"}, {"updater", "coord_descent"}});
}

Status xgboost_ready() {
  if (const Result<std::string> version = xgboost_version(); !version) return Failure(version.error());
  return {};
}

}  // namespace leat
