#include "anomaly/recent_scores.hpp"

#include <algorithm>
#include <cmath>

namespace leat {

void RecentScores::add(double score) {
  if (in_turn_.size() < scores_max_) {
    in_turn_.push_back(score);
  } else {
    double& oldest = in_turn_[oldest_];
    in_order_.erase(std::ranges::lower_bound(in_order_, oldest));
    oldest = score;
    oldest_ = (oldest_ + 1) % scores_max_;
  }
  in_order_.insert(std::ranges::upper_bound(in_order_, score), score);
}

std::optional<double> RecentScores::quantile(double share) const {
  const auto count = static_cast<double>(in_order_.size());
  // 0.99 of 100 is not quite 99 in binary, and one score must lie beyond it.
  constexpr double kRounding = 1e-9;
  if (count * (1 - share) < 1 - kRounding) return std::nullopt;
  const double rank = std::ceil(count * share - kRounding);
  return in_order_[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void RecentScores::save(StateOut& out) const {
  out.put(static_cast<std::uint32_t>(in_turn_.size()));
  for (std::size_t at = 0; at < in_turn_.size(); ++at) out.put(in_turn_[(oldest_ + at) % in_turn_.size()]);
}

void RecentScores::load(StateIn& in) {
  for (std::uint32_t left = in.get_count(sizeof(double)); left > 0; --left) {
    const auto score = in.get<double>();
    if (std::isnan(score)) return in.fail();
    if (left <= scores_max_) in_turn_.push_back(score);
  }
  in_order_ = in_turn_;
  std::ranges::sort(in_order_);
}

}  // namespace leat
