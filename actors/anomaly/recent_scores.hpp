#pragma once

#include <leat/state_bytes.hpp>
#include <optional>
#include <vector>

namespace leat {

/// The last scores of one key, and their quantiles, exactly. Holds them twice: as they came and in order.
class RecentScores {
 public:
  explicit RecentScores(std::uint32_t scores_max) : scores_max_(scores_max) {}

  void add(double score);
  /// The least score that this share of them does not exceed; nothing while there are too few for the share
  /// beyond it to be one score.
  std::optional<double> quantile(double share) const;

  void save(StateOut& out) const;
  /// Another maximum than before keeps the latest.
  void load(StateIn& in);
  std::size_t byte_size() const { return (in_turn_.capacity() + in_order_.capacity()) * sizeof(double); }

 private:
  std::uint32_t scores_max_;
  std::vector<double> in_turn_;  // a ring once it is full
  std::size_t oldest_ = 0;
  std::vector<double> in_order_;
};

}  // namespace leat
