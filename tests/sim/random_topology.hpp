#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace leat::sim {

using Random = std::mt19937_64;

inline std::uint64_t pick(Random& random, std::uint64_t count) {
  return random() % count;
}
inline bool chance(Random& random, double probability) {
  return static_cast<double>(random() >> 11) * 0x1.0p-53 < probability;
}

/// A topology over one to three hosts, and what its sinks must have in the end.
struct RandomTopology {
  std::string yaml;
  std::vector<std::string> hosts;
  std::map<std::string, std::vector<std::string>> expected;  ///< by sink actor; sorted rows
};

RandomTopology random_topology(Random& random);

}  // namespace leat::sim
