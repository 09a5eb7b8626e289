#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace leat::bench {

/// Log-linear histogram of nanoseconds: 32 steps per octave, so a percentile is at most 3 % off. Fixed size
/// and without pointers, so that it can live in memory shared by the processes of a run. One writer at a
/// time.
class Histogram {
 public:
  void add(std::int64_t value_ns) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(value_ns, 0));
    ++counts_[bucket(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

  /// The upper bound of the step that holds the given share (0 to 1) of all values; 0 when empty.
  std::uint64_t percentile(double share) const {
    if (count_ == 0) return 0;
    const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share * double(count_) + 0.5));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (seen >= wanted) return std::min(max_, upper_bound(i));
    }
    return max_;
  }

 private:
  static constexpr int kStepBits = 5;
  static constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
  static constexpr std::size_t kBuckets = kSteps * (64 - kStepBits + 1);

  // Values below 32 have a bucket each; above, the five bits after the leading one choose the step.
  static std::size_t bucket(std::uint64_t value) {
    if (value < kSteps) return value;
    const int shift = std::bit_width(value) - 1 - kStepBits;
    return kSteps * std::size_t(shift + 1) + ((value >> shift) - kSteps);
  }

  static std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket < kSteps) return bucket;
    const std::size_t shift = bucket / kSteps - 1;
    return ((kSteps + bucket % kSteps + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace leat::bench
