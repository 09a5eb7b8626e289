#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace leat {

/// A counter with one writing thread and any number of readers: a plain add, no locked instruction.
class Counter {
 public:
  void add(std::uint64_t amount) { value_.store(get() + amount, std::memory_order_relaxed); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Log-linear histogram of microseconds: 8 steps per octave (at most 12.5 % error), up to 2^40 us. One
/// writer.
class Histogram {
 public:
  static constexpr unsigned kStepBits = 3;
  static constexpr unsigned kBuckets = (40u - kStepBits + 1) << kStepBits;

  void add(std::uint64_t value) {
    buckets_[bucket_of(value)].add(1);
    sum_.add(value);
  }
  std::uint64_t sum() const { return sum_.get(); }
  std::uint64_t count() const;
  /// Upper bound of the bucket in which the given share (0 to 1) of all values lies; 0 when empty.
  std::uint64_t quantile(double share) const;
  /// Adds another histogram's counts to this one.
  void merge(const Histogram& other);
  /// Values at most `bound`, by whole buckets.
  std::uint64_t count_up_to(std::uint64_t bound) const;

  static unsigned bucket_of(std::uint64_t value) {
    if (value < (1u << kStepBits)) return static_cast<unsigned>(value);
    const unsigned octave = 63u - static_cast<unsigned>(std::countl_zero(value));
    const unsigned step = static_cast<unsigned>(value >> (octave - kStepBits)) & ((1u << kStepBits) - 1);
    const unsigned bucket = ((octave - kStepBits + 1) << kStepBits) + step;
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  static std::uint64_t upper_bound(unsigned bucket);

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter sum_;
};

}  // namespace leat
