#pragma once

#include <memory>

#include "anomaly/scorer.hpp"

namespace leat {

struct ForestOptions {
  std::uint32_t features = 1;
  std::uint32_t trees = 40;
  std::uint32_t sample = 256;  ///< points of one tree
  std::uint32_t shingle = 1;   ///< rows that make one point
  HalfLife half_life;          ///< of a row's chance to be in the sample; zero: all rows have the same
  std::uint64_t seed = 0;
};

/// A robust random cut forest (Guha et al. 2016, see CutTree): the score is the mean collusive displacement
/// of the row's point over all trees, from 0 to `sample`. A point is the values of the last `shingle` rows.
/// Each tree holds a reservoir sample of its own of the points learnt; with a half-life rows are weighted (P.
/// S. Efraimidis, P. G. Spirakis: "Weighted random sampling with a reservoir", 2006), later ones more. Values
/// are taken as they are: a feature of a greater range is cut more often.
std::unique_ptr<Scorer> make_forest(const ForestOptions& options);

}  // namespace leat
