#include "infer/booster_scorer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "infer/packed.hpp"

namespace leat {
namespace {

template <class Number>
Number number_of(std::string_view text, Number otherwise) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : otherwise;
}

}  // namespace

Result<BoosterConfig> read_booster_config(const std::string& json) {
  LEAT_TRY_ASSIGN(const PackedDocument document, PackedDocument::read(json));
  const auto text = [&](auto... path) {
    return packed::text(packed::member(document.root(), "learner", path...));
  };
  BoosterConfig read;
  read.objective = text("objective", "name");
  read.classes = number_of<std::uint32_t>(text("learner_model_param", "num_class"), 0);
  read.base_score = number_of<double>(text("learner_model_param", "base_score"), 0.5);
  read.booster = text("gradient_booster", "name");
  return read;
}

Result<BoosterScorer> BoosterScorer::make(std::shared_ptr<const Booster> booster) {
  LEAT_TRY_ASSIGN(const std::string json, booster->config());
  LEAT_TRY_ASSIGN(BoosterConfig config, read_booster_config(json));
  BoosterScorer scorer(std::move(booster), std::move(config));
  if (scorer.config_.booster == "gblinear") LEAT_TRY(scorer.read_linear());
  return scorer;
}

Status BoosterScorer::read_linear() {
  const std::string& objective = config_.objective;
  sigmoid_ = objective == "binary:logistic" || objective == "reg:logistic";
  if (!sigmoid_ && objective != "reg:squarederror" && objective != "binary:logitraw")
    return fail(
        Code::model_mismatch,
        fmt::format("a linear model with the objective `{}` is not one that Leat can read", objective));
  LEAT_TRY_ASSIGN(const std::uint64_t features, booster_->feature_count());
  LEAT_TRY_ASSIGN(const std::string json, booster_->save_json());
  LEAT_TRY_ASSIGN(const PackedDocument document, PackedDocument::read(json));
  const std::vector<double> weights =
      packed::numbers(packed::member(document.root(), "learner", "gradient_booster", "model", "weights"));
  if (weights.size() != features + 1)
    return fail(Code::model_failed,
                fmt::format("a linear model of {} features has {} weights", features, weights.size()));
  weights_.assign(weights.begin(), weights.end() - 1);
  const double base = config_.base_score;
  base_ = static_cast<float>(weights.back() + (sigmoid_ ? std::log(base / (1 - base)) : base));
  return {};
}

Status BoosterScorer::predict(DenseRows rows, std::vector<float>& answers) const {
  if (config_.booster != "gblinear") return booster_->predict(rows, answers);
  answers.resize(rows.rows);
  for (std::uint64_t row = 0; row < rows.rows; ++row) {
    const float* const values = rows.values + row * rows.columns;
    float sum = base_;
    for (std::size_t at = 0; at < weights_.size(); ++at)
      if (!std::isnan(values[at])) sum += weights_[at] * values[at];
    answers[row] = sigmoid_ ? 1 / (1 + std::exp(-sum)) : sum;
  }
  return {};
}

}  // namespace leat
