#pragma once

#include <memory>

#include "anomaly/scorer.hpp"

namespace leat {

struct ZScoreOptions {
  std::uint32_t features = 1;
  std::uint64_t window = 0;  ///< rows that count; 0: all
  double deviation_min = 0;
};

/// Each feature's distance from its mean, in standard deviations of the sample; the greatest counts. Needs
/// two rows. Holds the rows of its window, without one three numbers per feature.
std::unique_ptr<Scorer> make_zscore(const ZScoreOptions& options);

}  // namespace leat
