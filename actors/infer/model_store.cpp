#include "infer/model_store.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "infer/incumbent.hpp"
#include "infer/learner.hpp"

namespace leat {
namespace {

namespace fs = std::filesystem;

std::uint64_t next_version(const std::string& folder) {
  const std::vector<std::uint64_t> versions = model_versions(folder, "");
  return versions.empty() ? 1 : versions.back() + 1;
}

/// Under another name first: who looks into the folder finds a whole version or none.
Status write_version(const TrainingRun& run, const Learnt& learnt, const TrainingResult& result) {
  const fs::path folder = run.folder;
  const fs::path aside = folder / fmt::format(".{}.new", *result.version);
  std::error_code error;
  fs::remove_all(aside, error);
  fs::create_directories(aside, error);
  if (error) return fail(Code::storage_failed, error.message(), aside.string());
  LEAT_TRY(learnt.save(aside.string()));
  std::ofstream metrics(aside / "metrics.json");
  metrics << metrics_json(result) << '\n';
  metrics.close();
  if (!metrics) return fail(Code::storage_failed, "it can't be written", (aside / "metrics.json").string());
  fs::rename(aside, folder / std::to_string(*result.version), error);
  if (error) return fail(Code::storage_failed, error.message(), aside.string());
  return {};
}

std::string metrics_members(const Metrics& metrics) {
  std::string json;
  const auto add = [&](std::string_view name, std::optional<double> value) {
    if (value) json += fmt::format("{}\"{}\":{:.6f}", json.empty() ? "" : ",", name, *value);
  };
  add("auc", metrics.auc);
  add("log_loss", metrics.log_loss);
  add("rmse", metrics.rmse);
  return json;
}

/// The best of the candidates, after all are learnt and measured. Without rows to measure on there is one.
Result<std::unique_ptr<Learnt>> learn_best(const TrainingRun& run, const Examples& learn,
                                           const Examples& held_out, TrainingResult& result) {
  std::unique_ptr<Learnt> best;
  for (const auto& [name, options] : run.candidates) {
    const Learner* const learner = find_learner(options.algorithm);
    if (learner == nullptr) return fail(Code::internal, fmt::format("no algorithm `{}`", options.algorithm));
    LEAT_TRY_ASSIGN(std::unique_ptr<Learnt> learnt, learner->learn(options, learn));
    Candidate candidate{name, {}};
    if (held_out.size() != 0) {
      std::vector<float> answers;
      LEAT_TRY(learnt->predict(held_out, answers));
      candidate.metrics = measure(options, answers, held_out.labels);
    }
    result.candidates.push_back(std::move(candidate));
    if (best == nullptr || better(result.candidates.back().metrics, result.candidates[result.best].metrics)) {
      result.best = result.candidates.size() - 1;
      best = std::move(learnt);
    }
  }
  return best;
}

}  // namespace

std::string metrics_json(const TrainingResult& result) {
  const Candidate& best = result.candidates[result.best];
  std::string json = fmt::format("{{\"algorithm\":\"{}\",\"rows\":{},\"held_out\":{}", best.name, result.rows,
                                 result.held_out);
  if (const std::string own = metrics_members(best.metrics); !own.empty()) json += "," + own;
  std::string others;
  for (std::size_t at = 0; at < result.candidates.size(); ++at)
    if (at != result.best)
      others += fmt::format("{}\"{}\":{{{}}}", others.empty() ? "" : ",", result.candidates[at].name,
                            metrics_members(result.candidates[at].metrics));
  if (!others.empty()) json += fmt::format(",\"compared\":{{{}}}", others);
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
  if (run.candidates.size() > 1 && result.held_out == 0) {
    result.message = "too few rows to compare on";
    return result;
  }
  const Examples held_out = rows.rows(result.rows, result.held_out);
  LEAT_TRY_ASSIGN(const std::unique_ptr<Learnt> learnt,
                  learn_best(run, rows.rows(0, result.rows), held_out, result));
  const TrainingOptions& options = run.candidates[result.best].options;
  if (result.held_out != 0)
    if (const auto incumbent = Incumbent::open(run.folder, options.features))
      if (const Result<std::vector<float>> answers = incumbent->answers(held_out)) {
        result.previous = measure(options, *answers, held_out.labels);
        if (!run.always && !better(result.candidates[result.best].metrics, result.previous)) {
          result.message = "not better than the version that is there";
          return result;
        }
      }
  result.version = next_version(run.folder);
  LEAT_TRY(write_version(run, *learnt, result));
  result.message = "taken";
  return result;
}

}  // namespace leat
