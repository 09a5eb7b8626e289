#pragma once

#include <leat/batch_builder.hpp>

namespace leat {

/// Single rows of batches of one schema, kept for later without copying each. A batch stays as long as one of
/// its rows is kept; `compact` copies the kept rows together once most of what stays is not kept any more, so
/// that memory follows the number of rows kept.
class RowStore {
 public:
  /// Where a kept row is.
  struct At {
    std::uint32_t slot = 0;
    std::uint32_t row = 0;
  };

  /// A batch of which rows are about to be kept. At the end, `close` it: it goes if none was.
  std::uint32_t open(Batch batch);
  void close(std::uint32_t slot);
  At keep(std::uint32_t slot, std::uint32_t row) {
    ++slots_[slot].kept;
    ++kept_;
    return {slot, row};
  }
  void drop(At at);

  const Batch& batch(std::uint32_t slot) const { return slots_[slot].batch; }
  std::uint64_t kept() const { return kept_; }
  /// Most of the rows that memory is spent on are not kept.
  bool wasteful() const { return held_ > 2 * kept_ + kSlack; }

  /// `visit(move)` calls `move` with every At there is, in any order; it then points to where the row went.
  /// No batch may be open.
  template <class Visit>
  void compact(Visit&& visit);

 private:
  static constexpr std::uint64_t kSlack = 4096;
  static constexpr std::uint32_t kChunk = 4096;
  struct Slot {
    Batch batch;
    std::uint32_t kept = 0;
    bool open = false;
  };
  void free(std::uint32_t slot);

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t kept_ = 0;
  std::uint64_t held_ = 0;  // rows of all batches that stay
};

template <class Visit>
void RowStore::compact(Visit&& visit) {
  RowStore next;
  std::optional<BatchBuilder> rows;
  Time entered = kTimeMax;
  std::uint32_t slot = 0;
  const auto finish = [&] {
    Batch batch = rows->finish();
    const std::uint32_t count = batch.row_count();
    slot = next.open(std::move(batch).with_entered(entered));
    for (std::uint32_t row = 0; row < count; ++row) next.keep(slot, row);
    next.close(slot);
    entered = kTimeMax;
    ++slot;
  };
  visit([&](At& at) {
    const Batch& from = slots_[at.slot].batch;
    if (!rows) rows.emplace(from.schema());
    rows->add_row_from(from, at.row);
    entered = std::min(entered, from.entered());
    at = {slot, rows->row_count() - 1};
    if (rows->row_count() == kChunk) finish();
  });
  if (rows && !rows->empty()) finish();
  *this = std::move(next);
}

}  // namespace leat
