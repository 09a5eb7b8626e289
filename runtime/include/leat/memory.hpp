#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace leat {

/// Shared ownership of the memory that columns view: one word, one allocation for bytes and count.
/// Thread-safe like std::shared_ptr; cheaper at the end, because the only owner frees without an atomic
/// write.
class Memory {
 public:
  /// Buffers start at multiples of this: whole cache lines, and what vector instructions like.
  static constexpr std::size_t kAlignment = 64;

  Memory() = default;
  /// Uninitialised, aligned.
  static Memory allocate(std::size_t bytes);
  /// No bytes of its own: keeps `owner` alive.
  static Memory hold(std::shared_ptr<const void> owner);

  Memory(const Memory& other) : tagged_(other.tagged_ & ~kBorrowed) {
    if (tagged_ != 0) block()->owners.fetch_add(1, std::memory_order_relaxed);
  }
  Memory(Memory&& other) noexcept : tagged_(std::exchange(other.tagged_, 0)) {}
  Memory& operator=(Memory other) noexcept {
    std::swap(tagged_, other.tagged_);
    return *this;
  }
  ~Memory() {
    if (tagged_ == 0 || (tagged_ & kBorrowed) != 0) return;
    if (block()->owners.load(std::memory_order_acquire) == 1 ||
        block()->owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
      free(block());
  }

  /// A handle that does not count, for the columns of a batch, which lives longer than they do; a copy of it
  /// counts.
  Memory borrow() const {
    Memory borrowed;
    borrowed.tagged_ = tagged_ | kBorrowed;
    return borrowed;
  }
  std::byte* data() const { return reinterpret_cast<std::byte*>(block()) + kAlignment; }

 private:
  struct Block {
    std::atomic<std::uint32_t> owners{1};
    std::shared_ptr<const void> held;
  };
  static_assert(sizeof(Block) <= kAlignment);
  static constexpr std::uintptr_t kBorrowed = 1;

  Block* block() const { return reinterpret_cast<Block*>(tagged_ & ~kBorrowed); }
  static void free(Block* block);

  std::uintptr_t tagged_ = 0;
};

}  // namespace leat
