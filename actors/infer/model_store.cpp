#include "infer/model_store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

namespace leat {
namespace {

namespace fs = std::filesystem;

/// The model that is there, measured on these rows; nothing when there is none that reads them.
std::optional<Metrics> measure_previous(const TrainingRun& run, DenseRows rows,
                                        std::span<const float> labels) {
  const Result<ModelFile> file = find_model({.name = {}, .path = run.folder}, "xgboost");
  if (!file) return std::nullopt;
  const auto booster = open_booster(file->path());
  if (!booster) return std::nullopt;
  const auto names = (*booster)->feature_names();
  const auto count = (*booster)->feature_count();
  if (!names || !count || *count != rows.columns || (!names->empty() && *names != run.options.features))
    return std::nullopt;
  std::vector<float> answers;
  if (!(*booster)->predict(rows, answers)) return std::nullopt;
  return measure(run.options, answers, labels);
}

std::uint64_t next_version(const std::string& folder) {
  const std::vector<std::uint64_t> versions = model_versions(folder, "");
  return versions.empty() ? 1 : versions.back() + 1;
}

/// Under another name first: who looks into the folder finds a whole version or none.
Status write_version(const TrainingRun& run, const Booster& booster, const TrainingResult& result) {
  const fs::path folder = run.folder;
  const fs::path aside = folder / fmt::format(".{}.new", *result.version);
  std::error_code error;
  fs::remove_all(aside, error);
  fs::create_directories(aside, error);
  if (error) return fail(Code::storage_failed, error.message(), aside.string());
  LEAT_TRY(booster.save((aside / "model.ubj").string()));
  std::ofstream metrics(aside / "metrics.json");
  metrics << metrics_json(result) << '\n';
  metrics.close();
  if (!metrics) return fail(Code::storage_failed, "it can't be written", (aside / "metrics.json").string());
  fs::rename(aside, folder / std::to_string(*result.version), error);
  if (error) return fail(Code::storage_failed, error.message(), aside.string());
  return {};
}

void add_number(std::string& json, std::string_view name, std::optional<double> value) {
  if (value) json += fmt::format(",\"{}\":{:.6f}", name, *value);
}

}  // namespace

std::string metrics_json(const TrainingResult& result) {
  std::string json = fmt::format("{{\"rows\":{},\"held_out\":{}", result.rows, result.held_out);
  add_number(json, "auc", result.metrics.auc);
  add_number(json, "log_loss", result.metrics.log_loss);
  add_number(json, "rmse", result.metrics.rmse);
  return json + "}";
}

Result<TrainingResult> train_version(const TrainingRun& run, const TrainingRows& rows) {
  TrainingResult result;
  const std::uint64_t all = rows.size();
  result.held_out = static_cast<std::uint64_t>(static_cast<double>(all) * run.holdout);
  result.rows = all - result.held_out;
  if (result.rows == 0) {
    result.message = "no rows to learn from";
    return result;
  }
  LEAT_TRY_ASSIGN(const std::unique_ptr<Booster> booster,
                  train_forest(run.options, rows.rows(0, result.rows), rows.labels(0, result.rows)));
  if (result.held_out != 0) {
    const DenseRows held_out = rows.rows(result.rows, result.held_out);
    const std::span<const float> labels = rows.labels(result.rows, result.held_out);
    std::vector<float> answers;
    LEAT_TRY(booster->predict(held_out, answers));
    result.metrics = measure(run.options, answers, labels);
    if (const std::optional<Metrics> previous = measure_previous(run, held_out, labels)) {
      result.previous = *previous;
      if (!run.always && !better(result.metrics, result.previous)) {
        result.message = "not better than the version that is there";
        return result;
      }
    }
  }
  result.version = next_version(run.folder);
  LEAT_TRY(write_version(run, *booster, result));
  result.message = "taken";
  return result;
}

}  // namespace leat
