#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "chain/workload.hpp"

namespace leat::bench::chain {

/// Bounded ring of records between one producer and one consumer thread. Each side caches the other's
/// position and sleeps on it (futex) when there is nothing to do, as a pipeline with more stages than cores
/// must.
class Ring {
 public:
  static constexpr std::uint64_t kSlots = 16'384;

  Ring() : records_(kSlots * kRecordBytes) {}

  std::byte* slot(std::uint64_t position) { return records_.data() + (position % kSlots) * kRecordBytes; }

  /// Producer: blocks until position `wanted` may be written.
  void await_space(std::uint64_t wanted) {
    while (wanted - space_seen_ >= kSlots) space_seen_ = freed_.await_change(space_seen_);
  }
  /// Producer: everything before `position` may be read.
  void publish(std::uint64_t position) { filled_.set(position); }

  /// Consumer: blocks until there is something behind `position`; returns how far it may read. Equal to
  /// `position` when the producer closed the ring.
  std::uint64_t await_records(std::uint64_t position) {
    while (filled_seen_ <= position) {
      const std::uint64_t filled = filled_.await_change(filled_seen_);
      if (filled == kClosed) return position;
      filled_seen_ = filled;
    }
    return filled_seen_;
  }
  /// Consumer: everything before `position` may be overwritten.
  void free_until(std::uint64_t position) { freed_.set(position); }

  /// Producer: blocks until everything before `position` is read, then ends the stream.
  void close(std::uint64_t position) {
    while (space_seen_ < position) space_seen_ = freed_.await_change(space_seen_);
    filled_.set(kClosed);
  }

 private:
  static constexpr std::uint64_t kClosed = ~std::uint64_t{0};

  // A position that one thread sets and one other waits for. The setter pays for a wake-up only when the flag
  // says that the other sleeps; both sides use sequentially consistent order, so one of them sees the other.
  class alignas(64) Position {
   public:
    void set(std::uint64_t value) {
      value_.store(value);
      if (sleeps_.load()) {
        sleeps_.store(0);
        sleeps_.notify_one();
      }
    }
    std::uint64_t await_change(std::uint64_t seen) {
      for (int spin = 0; spin < 100; ++spin) {
        if (const std::uint64_t value = value_.load(std::memory_order_acquire); value != seen) return value;
        __builtin_ia32_pause();
      }
      for (;;) {
        sleeps_.store(1);
        if (const std::uint64_t value = value_.load(); value != seen) return value;
        sleeps_.wait(1);
      }
    }

   private:
    std::atomic<std::uint64_t> value_{0};
    std::atomic<int> sleeps_{0};
  };

  std::vector<std::byte> records_;
  Position filled_;
  Position freed_;
  alignas(64) std::uint64_t space_seen_ = 0;   // Producer's.
  alignas(64) std::uint64_t filled_seen_ = 0;  // Consumer's.
};

}  // namespace leat::bench::chain
