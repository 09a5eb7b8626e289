#pragma once

#include <chrono>

#include "engine/cell.hpp"

namespace leat {

/// Charges the time of one worker to its cells, each for itself only. Reading the clock costs as much as a
/// small batch, so of activations with few rows only one in kSampling is timed, and counts for all of them.
class Stopwatch {
 public:
  static constexpr std::uint64_t kSampling = 16;
  static constexpr std::uint32_t kRowsTimed = 64;

  /// Before the worker calls a cell from outside; `rows` of the batch that is delivered (0: unknown, timed
  /// always).
  void begin(std::uint32_t rows) {
    weight_ = rows == 0 || rows >= kRowsTimed ? 1 : (++turn_ % kSampling == 0 ? kSampling : 0);
  }

  /// The cell that is charged from now on; null: nobody.
  Cell* charge(Cell* cell) {
    Cell* before = current_;
    current_ = cell;
    if (weight_ != 0) {
      const auto now = std::chrono::steady_clock::now();
      if (before != nullptr)
        before->metrics().busy_ns.add(static_cast<std::uint64_t>((now - since_).count()) * weight_);
      since_ = now;
    }
    return before;
  }

 private:
  Cell* current_ = nullptr;
  std::chrono::steady_clock::time_point since_{};
  std::uint64_t weight_ = 1;
  std::uint64_t turn_ = 0;
};

}  // namespace leat
