#pragma once

#include <cstdint>

namespace leat {

/// SplitMix64 (Steele, Lea, Flood 2014): equal numbers from equal seeds, on every machine; the seed is all of
/// its state.
class Random {
 public:
  explicit Random(std::uint64_t seed = 0) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t word = state_ += 0x9e3779b97f4a7c15u;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
  }
  /// In [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// In (0, 1]: has a logarithm.
  double positive_unit() { return static_cast<double>((next() >> 11) + 1) * 0x1p-53; }
  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace leat
