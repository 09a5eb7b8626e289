#pragma once

#include <leat/batch_builder.hpp>
#include <leat/state_bytes.hpp>
#include <map>

namespace leat {

/// The rows of one side of a join that may still find partners, by key and time. Rows stay in the batches
/// they came in; a batch is dropped with its last row. One thread.
class JoinSide {
 public:
  struct Entry {
    std::int64_t time = 0;
    std::uint32_t batch = 0;
    std::uint32_t row = 0;
    bool matched = false;
  };

  /// Rows are added batch by batch; all rows of it that stay are announced to `add`.
  void begin_batch(Batch batch);
  void add(std::uint32_t key, std::int64_t time, std::uint32_t row, bool matched);

  std::uint32_t row_count() const { return rows_; }
  std::size_t rows_of(std::uint32_t key) const { return key < by_key_.size() ? by_key_[key].size() : 0; }
  const Batch& batch_of(const Entry& entry) const { return batches_.at(entry.batch).rows; }

  /// Calls `each(entry)` for the key's rows with a time in [from, to], earliest first; may set `matched`.
  template <class Each>
  void for_each_between(std::uint32_t key, std::int64_t from, std::int64_t to, Each&& each) {
    if (key >= by_key_.size()) return;
    auto& entries = by_key_[key];
    for (auto at = first_from(entries, from); at != entries.end() && at->time <= to; ++at) each(*at);
  }

  /// Drops the key's rows up to `time`, earliest first; `gone(entry)` sees each before.
  template <class Gone>
  void drop_until(std::uint32_t key, std::int64_t time, Gone&& gone) {
    if (key >= by_key_.size()) return;
    auto& entries = by_key_[key];
    auto end = entries.begin();
    for (; end != entries.end() && end->time <= time; ++end) {
      gone(*end);
      release(*end);
    }
    entries.erase(entries.begin(), end);
  }

  /// For snapshots: all rows, by key.
  template <class Each>
  void for_each(Each&& each) const {
    for (std::uint32_t key = 0; key < by_key_.size(); ++key)
      for (const Entry& entry : by_key_[key]) each(key, entry);
  }
  /// Keys get other numbers: `number_of[old]`, for those that have rows.
  void renumber(const std::vector<std::uint32_t>& number_of, std::uint32_t keys);

 private:
  struct Held {
    Batch rows;
    std::uint32_t count = 0;
  };
  static std::vector<Entry>::iterator first_from(std::vector<Entry>& entries, std::int64_t time);
  void release(const Entry& entry);

  std::vector<std::vector<Entry>> by_key_;  // sorted by time, then arrival
  std::map<std::uint32_t, Held> batches_;
  std::uint32_t next_batch_ = 0;
  std::uint32_t rows_ = 0;
};

}  // namespace leat
