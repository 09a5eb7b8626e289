#pragma once

#include <memory>

#include "anomaly/scorer.hpp"

namespace leat {

struct EwmaOptions {
  std::uint32_t features = 1;
  HalfLife half_life;
  double deviation_min = 0;
};

/// As the z-score, but mean and variance weigh each row by its age: half as much after every half-life. Rows
/// of event time may come in any order; each weighs what its time says. Needs rows that weigh as much as
/// one and a half: after a gap that makes the history worthless, one row passes without a score. Holds two
/// numbers per feature.
std::unique_ptr<Scorer> make_ewma(const EwmaOptions& options);

}  // namespace leat
