#pragma once

#include <functional>
#include <leat/state.hpp>
#include <map>

#include "transform/row_store.hpp"

namespace leat {

/// Rows that wait, in the order of a time; equal ones in the order they came. The caller bounds their number.
/// A heap of 32 bytes per row beside the rows themselves.
class HeldRows {
 public:
  /// Rows of one batch, each with its time; `watermark` is the one that stands as they come.
  void hold(const Batch& batch, std::span<const std::uint32_t> rows, std::span<const std::int64_t> times,
            Time watermark);

  std::uint64_t size() const { return heap_.size(); }
  /// The least time; nothing without rows.
  std::optional<std::int64_t> next() const {
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().time);
  }
  /// What Context::hold_watermark needs to know: while rows wait, the watermark that stood when the first of
  /// them came.
  Time watermark_limit() const { return watermarks_.empty() ? kTimeMax : watermarks_.begin()->first; }
  /// Takes out all rows up to and including the time, as batches of at most `rows_max`.
  void release(std::int64_t until, std::uint32_t rows_max, const std::function<void(Batch)>& send);

  void save(StateWriter& state, std::string_view part) const;
  /// Adds what was saved. `ours`: which of the rows, when the state is another instance's.
  using Ours = std::function<std::vector<bool>(const KeyShare&, const Batch&)>;
  Status load(const StateReader& state, std::string_view part, const SchemaPtr& schema,
              const Ours& ours = by_number);
  /// Rows without a key: dealt out one by one.
  static std::vector<bool> by_number(const KeyShare& share, const Batch& rows);

 private:
  struct Entry {
    std::int64_t time;
    std::uint64_t number;
    RowStore::At at;
    Time watermark;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.time != b.time ? a.time > b.time : a.number > b.number;
  }
  void let_go(const Entry& entry);
  Batch gather(std::span<const Entry> entries) const;
  void tidy();

  std::vector<Entry> heap_;
  std::map<Time, std::uint64_t> watermarks_;  // and the number of rows that wait since then
  std::uint64_t next_number_ = 0;
  RowStore store_;
  std::vector<Entry> released_;
};

}  // namespace leat
