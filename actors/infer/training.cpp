#include "infer/training.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace leat {
namespace {

void put(std::string& to, const void* from, std::size_t bytes) {
  to.append(static_cast<const char*>(from), bytes);
}

}  // namespace

void TrainingRows::add(std::span<const float> features, float label) {
  values_.insert(values_.end(), features.begin(), features.end());
  labels_.push_back(label);
  if (size() > rows_max_) ++first_;
  if (first_ < rows_max_ || first_ == 0) return;
  // As many have gone as are kept: moving those costs each row once.
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(first_ * features_));
  labels_.erase(labels_.begin(), labels_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

DenseRows TrainingRows::rows(std::uint64_t first, std::uint64_t count) const {
  return {values_.data() + (first_ + first) * features_, count, features_};
}
std::span<const float> TrainingRows::labels(std::uint64_t first, std::uint64_t count) const {
  return std::span(labels_).subspan(first_ + first, count);
}

std::string TrainingRows::save() const {
  std::string bytes;
  const std::uint64_t count = size();
  put(bytes, &count, sizeof count);
  put(bytes, rows(0, count).values, count * features_ * sizeof(float));
  put(bytes, labels(0, count).data(), count * sizeof(float));
  return bytes;
}

Status TrainingRows::load(std::string_view bytes) {
  std::uint64_t count = 0;
  if (bytes.size() >= sizeof count) std::memcpy(&count, bytes.data(), sizeof count);
  const std::size_t row = (features_ + 1) * sizeof(float);
  if (bytes.size() < sizeof count || (bytes.size() - sizeof count) / row != count ||
      (bytes.size() - sizeof count) % row != 0)
    return fail(Code::corrupt_state, "the saved rows have another number of features");
  bytes.remove_prefix(sizeof count);
  first_ = 0;
  values_.resize(count * features_);
  labels_.resize(count);
  if (count == 0) return {};
  std::memcpy(values_.data(), bytes.data(), values_.size() * sizeof(float));
  std::memcpy(labels_.data(), bytes.data() + values_.size() * sizeof(float), count * sizeof(float));
  return {};
}

std::optional<double> area_under_curve(std::span<const float> scores, std::span<const float> labels) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](std::uint32_t row) { return scores[row]; });
  // The rank-sum form: each positive row counts the negative ones below it, and half of those beside it.
  double sum = 0, below = 0;
  double positives = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double here = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end)
      here += labels[order[end]] > 0.5f;
    const double negatives_here = static_cast<double>(end - begin) - here;
    sum += here * (below + negatives_here / 2);
    below += negatives_here;
    positives += here;
    begin = end;
  }
  if (positives == 0 || below == 0) return std::nullopt;
  return sum / (positives * below);
}

Metrics measure(const TrainingOptions& options, std::span<const float> answers,
                std::span<const float> labels) {
  Metrics metrics;
  if (answers.empty() || answers.size() != labels.size()) return metrics;
  double sum = 0;
  const bool binary = options.objective == "binary:logistic";
  for (std::size_t row = 0; row < answers.size(); ++row) {
    const double answer = answers[row], label = labels[row];
    const double safe = std::clamp(answer, 1e-7, 1 - 1e-7);
    sum += binary ? -(label * std::log(safe) + (1 - label) * std::log(1 - safe))
                  : (answer - label) * (answer - label);
  }
  const double mean = sum / static_cast<double>(answers.size());
  if (binary) {
    metrics.auc = area_under_curve(answers, labels);
    metrics.log_loss = mean;
  } else {
    metrics.rmse = std::sqrt(mean);
  }
  return metrics;
}

bool better(const Metrics& a, const Metrics& b) {
  if (a.auc && b.auc) return *a.auc > *b.auc;
  if (a.log_loss && b.log_loss) return *a.log_loss < *b.log_loss;
  return a.rmse && b.rmse && *a.rmse < *b.rmse;
}

Result<std::unique_ptr<Booster>> train_forest(const TrainingOptions& options, DenseRows rows,
                                              std::span<const float> labels) {
  LEAT_TRY_ASSIGN(std::unique_ptr<Booster> booster, new_booster(rows, labels, options.features));
  const std::pair<const char*, std::string> settings[] = {
      {"objective", options.objective},
      {"max_depth", std::to_string(options.depth)},
      {"eta", std::to_string(options.eta)},
      {"seed", std::to_string(options.seed)},
      {"nthread", std::to_string(options.threads)},
      {"verbosity", "0"},
  };
  for (const auto& [name, value] : settings) LEAT_TRY(booster->set(name, value));
  for (std::uint32_t round = 0; round < options.rounds; ++round)
    LEAT_TRY(booster->train_round(static_cast<int>(round)));
  return booster;
}

}  // namespace leat
