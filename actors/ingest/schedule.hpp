#pragma once

#include <algorithm>
#include <leat/units.hpp>

namespace leat {

/// When rows of a paced source are due. Open loop: due times follow from the start and the rate alone, so a
/// source that was held back catches up instead of slowing down. A rate of zero is no pace: everything is due
/// at once. Plain data; one thread.
class Schedule {
 public:
  static constexpr Duration kShortestWait{200};

  explicit Schedule(Rate rate = {}) : rate_(rate.per_second) {}

  bool paced() const { return rate_ > 0; }
  bool started() const { return start_ != kTimeMin; }
  Time start() const { return start_; }

  /// Row `next` is the first to come. Begins now; or continues a saved schedule (`saved` is its start),
  /// except that the time while nothing ran is not made up for.
  void begin(std::uint64_t next, Time now, Time saved = kTimeMin);
  Time due(std::uint64_t row) const { return start_ + to_duration(row); }
  /// How long to wait for a row: a wake-up for each single one would cost more than the row above some
  /// thousand per second, so rows that are due within `kShortestWait` come together.
  Duration wait(std::uint64_t row, Time now) const { return std::max(due(row) - now, kShortestWait); }
  /// How many rows, from the beginning of the schedule, are due by now.
  std::uint64_t due_count(Time now) const;

 private:
  Duration to_duration(std::uint64_t rows) const;

  double rate_ = 0;
  Time start_ = kTimeMin;
};

}  // namespace leat
