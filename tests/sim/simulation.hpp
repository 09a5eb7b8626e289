#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace leat::sim {

struct SimulationOptions {
  std::uint64_t seed = 1;
  std::string mutant;  ///< a deliberately broken variant; empty: none
  bool faults = true;
};

struct SimulationResult {
  std::vector<std::string> violations;  ///< of results and of invariants; empty: all is well
  std::vector<std::string> trace;       ///< what happened, in order; equal for equal seeds
  std::string topology;
  std::uint64_t kills = 0, cuts = 0, pauses = 0, stops = 0, messages_lost = 0;
  std::uint64_t epochs = 0, checkpoints = 0;
};

/// One run of a random topology under random faults, then without, until it has ended: the same seed always
/// does the same.
SimulationResult simulate(const SimulationOptions& options);

/// Names of the broken variants that a simulation must catch.
const std::vector<std::string>& mutants();

}  // namespace leat::sim
