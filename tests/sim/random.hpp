#pragma once

#include <cstdint>
#include <random>

namespace leat::sim {

using Random = std::mt19937_64;

inline std::uint64_t pick(Random& random, std::uint64_t count) {
  return random() % count;
}
inline bool chance(Random& random, double probability) {
  return static_cast<double>(random() >> 11) * 0x1.0p-53 < probability;
}

}  // namespace leat::sim
