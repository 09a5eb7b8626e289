#include "infer/xgboost_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "infer/booster_scorer.hpp"

namespace leat {
namespace {

enum class Answer : std::uint8_t { value, classes, label };

/// A forest (or a linear model of the same library). Its columns become one matrix of float32, nulls are
/// missing.
class XgboostModel final : public Model {
 public:
  XgboostModel(ModelIdentity identity, BoosterScorer scorer, ModelSignature signature, Answer answer,
               ReadoutOptions readout)
      : Model(std::move(identity)),
        scorer_(std::move(scorer)),
        signature_(std::move(signature)),
        answer_(answer),
        readout_(std::move(readout)),
        matrix_{"features", Element::float32, {-1, signature_.inputs[0].width}, {}} {}

  const ModelSignature& signature() const override { return signature_; }

  Result<Prediction> predict(std::span<const Column> columns, std::span<const std::uint32_t>) const override {
    const std::uint32_t rows = columns[0].row_count();
    LEAT_TRY_ASSIGN(const Tensor matrix, to_tensor(matrix_, columns, rows));
    std::vector<float> answers;
    LEAT_TRY(scorer_.predict({static_cast<const float*>(matrix.data()), rows, signature_.inputs[0].width},
                             answers));
    if (answers.size() % rows != 0 || answers.empty())
      return fail(Code::model_failed,
                  fmt::format("the model gave {} values for {} rows", answers.size(), rows));
    LEAT_TRY_ASSIGN(const std::vector<Column> outputs, read(answers, rows));
    return Prediction{Batch(signature_.outputs, outputs, rows), {}};
  }

 private:
  Result<std::vector<Column>> read(std::span<const float> answers, std::uint32_t rows) const {
    if (answer_ == Answer::classes) {
      Memory values = Memory::allocate(answers.size_bytes());
      std::memcpy(values.data(), answers.data(), answers.size_bytes());
      return read_out(std::move(values), rows, static_cast<std::uint32_t>(answers.size() / rows), readout_);
    }
    if (answers.size() != rows)
      return fail(Code::model_failed,
                  fmt::format("the model gave {} values for {} rows", answers.size(), rows));
    if (answer_ == Answer::value)
      return std::vector{make_float64s(std::vector<double>(answers.begin(), answers.end()))};
    std::vector<std::string_view> labels;
    for (const float answer : answers) {
      const auto label = static_cast<std::size_t>(std::lround(std::max(answer, 0.0f)));
      labels.push_back(label < readout_.labels.size() ? readout_.labels[label] : std::string_view("?"));
    }
    return std::vector{make_strings(labels)};
  }

  BoosterScorer scorer_;
  ModelSignature signature_;
  Answer answer_;
  ReadoutOptions readout_;
  TensorType matrix_;
};

/// Objectives that give one value per row.
constexpr std::string_view kSingle[] = {"reg:", "binary:", "count:", "rank:", "survival:"};

Result<Answer> answer_of(const BoosterConfig& config, ReadoutOptions& readout) {
  const bool classes = config.objective == "multi:softprob";
  if (classes || config.objective == "multi:softmax") {
    if (readout.labels.empty())
      for (std::uint32_t at = 0; at < config.classes; ++at) readout.labels.push_back(std::to_string(at));
    if (readout.labels.size() != config.classes)
      return fail(Code::model_mismatch, fmt::format("the model knows {} classes, and there are {} labels",
                                                    config.classes, readout.labels.size()));
    return classes ? Answer::classes : Answer::label;
  }
  if (!std::ranges::any_of(kSingle,
                           [&](std::string_view start) { return config.objective.starts_with(start); }))
    return fail(Code::model_mismatch,
                fmt::format("its objective `{}` is not one that Leat can read", config.objective));
  if (readout.labels.empty()) return Answer::value;
  if (config.objective != "binary:logistic" || readout.labels.size() != 2)
    return fail(
        Code::model_mismatch,
        fmt::format("`labels` are for multi:softprob, multi:softmax and (two of them) binary:logistic; the "
                    "model's objective is {}",
                    config.objective));
  return Answer::classes;
}

}  // namespace

Result<ModelPtr> load_xgboost(const ModelFile& file, const ModelOptions& options) {
  const auto at_file = [&](Error error) { return fail(error.code, std::move(error.message), file.path()); };
  LEAT_TRY_ASSIGN(std::unique_ptr<Booster> opened, open_booster(file.path()));
  const std::shared_ptr<Booster> booster = std::move(opened);
  // Waking OpenMP's threads costs ten times a row's prediction.
  if (Status set = booster->set("nthread", std::to_string(options.threads)); !set)
    return at_file(set.error());
  Result<BoosterScorer> scorer = BoosterScorer::make(booster);
  if (!scorer) return at_file(scorer.error());
  Result<std::uint64_t> features = booster->feature_count();
  if (!features) return at_file(features.error());
  Result<std::vector<std::string>> names = booster->feature_names();
  if (!names) return at_file(names.error());
  ReadoutOptions readout = options.readout;
  Result<Answer> answer = answer_of(scorer->config(), readout);
  if (!answer) return at_file(answer.error());
  ModelSignature signature;
  signature.inputs = {{"features", Type::float64, static_cast<std::uint32_t>(*features),
                       fmt::format("float32[?,{}]", *features), *std::move(names)}};
  signature.outputs =
      Schema::make(*answer == Answer::value     ? std::vector<Field>{{"score", Type::float64}}
                   : *answer == Answer::classes ? readout_fields()
                                                : std::vector<Field>{{"label", Type::string}});
  auto model = std::make_shared<const XgboostModel>(file.identity, *std::move(scorer), std::move(signature),
                                                    *answer, std::move(readout));
  warm(*model);  // the first prediction makes what the others only read
  return model;
}

}  // namespace leat
