#include "infer/training.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace leat {
namespace {

void put(std::string& to, const void* from, std::size_t bytes) {
  if (bytes != 0) to.append(static_cast<const char*>(from), bytes);
}

}  // namespace

void TrainingRows::add(std::span<const float> features, float label) {
  values_.insert(values_.end(), features.begin(), features.end());
  labels_.push_back(label);
  let_go();
}

void TrainingRows::add(std::string text, float label) {
  texts_.push_back(std::move(text));
  labels_.push_back(label);
  let_go();
}

void TrainingRows::let_go() {
  if (size() > rows_max_) ++first_;
  // As many have gone as are kept: moving those costs each row once.
  if (first_ >= rows_max_ && first_ != 0) keep(size());
}

void TrainingRows::keep(std::uint64_t count) {
  const auto gone = static_cast<std::ptrdiff_t>(labels_.size() - std::min(count, size()));
  values_.erase(values_.begin(), values_.begin() + gone * features_);
  if (!texts_.empty()) texts_.erase(texts_.begin(), texts_.begin() + gone);
  labels_.erase(labels_.begin(), labels_.begin() + gone);
  first_ = 0;
}

Examples TrainingRows::rows(std::uint64_t first, std::uint64_t count) const {
  const std::span labels = std::span(labels_).subspan(first_ + first, count);
  if (features_ == 0) return {{nullptr, count, 0}, std::span(texts_).subspan(first_ + first, count), labels};
  return {{values_.data() + (first_ + first) * features_, count, features_}, {}, labels};
}

std::string TrainingRows::save() const {
  std::string bytes;
  const std::uint64_t count = size();
  const Examples all = rows(0, count);
  put(bytes, &count, sizeof count);
  put(bytes, all.numbers.values, count * features_ * sizeof(float));
  put(bytes, all.labels.data(), count * sizeof(float));
  for (const std::string& text : all.texts) {
    const auto length = static_cast<std::uint32_t>(text.size());
    put(bytes, &length, sizeof length);
    bytes += text;
  }
  return bytes;
}

Status TrainingRows::load(std::string_view bytes) {
  const auto wrong = [] {
    return fail(Code::corrupt_state, "the saved rows have another number of features");
  };
  const auto get = [&](void* to, std::size_t count) {
    if (bytes.size() < count) return false;
    if (count != 0) std::memcpy(to, bytes.data(), count);
    bytes.remove_prefix(count);
    return true;
  };
  std::uint64_t count = 0;
  if (!get(&count, sizeof count) || bytes.size() / ((features_ + 1) * sizeof(float)) < count) return wrong();
  first_ = 0;
  values_.resize(count * features_);
  labels_.resize(count);
  texts_.assign(features_ == 0 ? count : 0, {});
  if (!get(values_.data(), values_.size() * sizeof(float)) ||
      !get(labels_.data(), labels_.size() * sizeof(float)))
    return wrong();
  for (std::string& text : texts_) {
    std::uint32_t length = 0;
    if (!get(&length, sizeof length) || bytes.size() < length) return wrong();
    text.assign(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return bytes.empty() ? Status() : wrong();
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

}  // namespace leat
