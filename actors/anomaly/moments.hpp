#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "anomaly/scorer.hpp"

namespace leat {

/// Count, mean and sum of squared deviations of a set of values, one value at a time without cancellation
/// (Welford 1962).
struct Moments {
  std::uint64_t count = 0;
  double mean = 0;
  double squares = 0;

  void add(double value) {
    ++count;
    const double distance = value - mean;
    mean += distance / static_cast<double>(count);
    squares += distance * (value - mean);
  }
  /// A value that was added. Leaves rounding errors of the size of what was taken away: see ZScore.
  void remove(double value) {
    if (--count == 0) {
      *this = {};
      return;
    }
    const double distance = value - mean;
    mean -= distance / static_cast<double>(count);
    squares = std::max(0.0, squares - distance * (value - mean));
  }
  /// Of the sample; needs two values.
  double variance() const { return squares / static_cast<double>(count - 1); }
};

/// Distance from the mean in standard deviations, at least `deviation_min` each.
inline double standard_score(double value, double mean, double variance, double deviation_min) {
  const double distance = std::abs(value - mean);
  if (distance == 0) return 0;
  const double deviation = std::max(std::sqrt(variance), deviation_min);
  return distance < kScoreMax * deviation ? distance / deviation : kScoreMax;
}

}  // namespace leat
