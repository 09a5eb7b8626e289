#pragma once

#include <leat/batch.hpp>
#include <optional>
#include <vector>

namespace leat {

/// When rows that wait for a model are given to it: as soon as there are `rows_max`, `delay` after the first
/// of them came, or when the tightest budget among them would be missed by waiting longer. Without `delay`
/// and `deadline` nothing waits. Knows no clock: times are given. One thread; holds fewer than `rows_max`
/// rows between calls.
class MicroBatch {
 public:
  struct Limits {
    std::uint32_t rows_max = 256;
    Duration delay{};
    std::optional<Duration> deadline;  ///< of a row since it entered the topology
  };

  explicit MicroBatch(Limits limits) : limits_(limits) {}

  /// `watermark` is the one that stands as the rows come.
  void add(const Batch& rows, Time now, Time watermark);
  /// The next call's rows when they are due; else none, and they are due at `due()`. Of rows that came
  /// together, those of as many full calls as are done in half a millisecond: what a batch costs besides the
  /// model is shared by them.
  std::optional<Batch> take(Time now);
  /// What waits, due or not.
  std::optional<Batch> take_all();
  std::optional<Time> due() const;
  /// While rows wait, the watermark that stood when the first of them came; else kTimeMax.
  Time watermark_limit() const { return rows_ == 0 ? kTimeMax : watermark_; }
  std::uint32_t waiting() const { return rows_; }
  /// How long a call took, or each of several: budgets leave room for the next one.
  void called(Duration took);

 private:
  std::uint32_t full_calls() const;
  Batch take_rows(std::uint32_t count);

  struct Waiting {
    Batch rows;
    Time came;
    Time entered;             // when its budget began
    std::uint32_t taken = 0;  // of its rows, the first ones

    std::uint32_t left() const { return rows.row_count() - taken; }
  };
  Limits limits_;
  std::vector<Waiting> waiting_;
  std::uint32_t rows_ = 0;
  Time watermark_ = kTimeMax;
  Duration call_{};  // what a call is expected to take
  bool known_ = false;
};

}  // namespace leat
