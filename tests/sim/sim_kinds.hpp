#pragma once

#include <leat/clock.hpp>
#include <leat/registry.hpp>
#include <map>
#include <string>
#include <vector>

#include "support/memory_disk.hpp"

namespace leat::sim {

/// What the outside world has seen of the sinks: survives every process. A sink's rows come with the number
/// of its commit, as a database would keep it with them in one transaction.
struct Outside {
  struct Sink {
    std::uint64_t commits = 0;
    std::vector<std::string> rows;
  };
  std::map<std::string, Sink> sinks;  ///< by actor and instance
  /// Who pushes numbers into a `sim.pushed`, and the disk that its log is on. Goes on behind what the log
  /// has.
  struct Client {
    testing::MemoryDisk disk;
    std::uint64_t acknowledged = 0;
  };
  std::map<std::string, Client> clients;  ///< by actor
  const Clock* clock = nullptr;
  bool acknowledges_early = false;  ///< the mutant that does not wait for the log's disk
  std::vector<std::string> violations;
  bool visible_at_barrier = false;  ///< the mutant that does not wait for the manifest
};

/// The world of the simulation that this thread runs: kinds get nothing but their options.
Outside*& outside();

/// `sim.source`, `sim.pushed`, `sim.sink`, `sim.slow`.
void register_sim_kinds(Registry& registry);

/// The rows of `sim.source`: n, its key, and its time.
SchemaPtr source_schema();
inline constexpr std::int64_t kKeys = 5;
inline constexpr std::int64_t kStepUs = 1000;
inline constexpr std::int64_t kFirstUs = 1'700'000'000'000'000;

}  // namespace leat::sim
