#pragma once

#include <fmt/format.h>

#include <random>
#include <string>

namespace leat::testing {

/// Rows of which `fraud` follows from a and b, but for a share of `noise` where it is the other way round.
inline std::string labelled(int count, unsigned seed, double noise) {
  std::mt19937 random(seed);
  std::string lines;
  for (int row = 0; row < count; ++row) {
    const double a = random() % 1000 / 1000.0, b = random() % 1000 / 1000.0;
    const bool noisy = random() % 1000 < noise * 1000;
    lines += fmt::format("{{\"a\":{},\"b\":{},\"fraud\":{}}}\n", a,
                         row % 20 == 0 ? "null" : fmt::format("{}", b), (a + b > 1.2) != noisy);
  }
  return lines;
}

}  // namespace leat::testing
