#include "transform/held_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "transform/snapshot.hpp"

namespace leat {

void HeldRows::hold(const Batch& batch, std::span<const std::uint32_t> rows,
                    std::span<const std::int64_t> times, Time watermark) {
  if (rows.empty()) return;
  watermarks_[watermark] += rows.size();
  const std::uint32_t slot = store_.open(batch);
  for (std::size_t at = 0; at < rows.size(); ++at) {
    heap_.push_back({times[at], next_number_++, store_.keep(slot, rows[at]), watermark});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  store_.close(slot);
  tidy();
}

void HeldRows::tidy() {
  if (!store_.wasteful()) return;
  store_.compact([&](auto&& move) {
    for (Entry& entry : heap_) move(entry.at);
  });
}

void HeldRows::release(std::int64_t until, std::uint32_t rows_max, const std::function<void(Batch)>& send) {
  while (!heap_.empty() && heap_.front().time <= until) {
    released_.clear();
    while (!heap_.empty() && heap_.front().time <= until && released_.size() < rows_max) {
      std::pop_heap(heap_.begin(), heap_.end(), later);
      released_.push_back(heap_.back());
      heap_.pop_back();
    }
    Batch batch = gather(released_);
    for (const Entry& entry : released_) let_go(entry);
    send(std::move(batch));
  }
  tidy();
}

void HeldRows::let_go(const Entry& entry) {
  store_.drop(entry.at);
  const auto waiting = watermarks_.find(entry.watermark);
  if (--waiting->second == 0) watermarks_.erase(waiting);
}

Batch HeldRows::gather(std::span<const Entry> entries) const {
  const std::uint32_t slot = entries.front().at.slot;
  const bool together =
      std::ranges::all_of(entries, [&](const Entry& entry) { return entry.at.slot == slot; });
  if (together) {
    std::vector<std::uint32_t> rows;
    rows.reserve(entries.size());
    for (const Entry& entry : entries) rows.push_back(entry.at.row);
    const Batch& batch = store_.batch(slot);
    const bool in_a_row =
        std::ranges::adjacent_find(rows, [](auto a, auto b) { return a + 1 != b; }) == rows.end();
    return in_a_row ? batch.slice(rows.front(), static_cast<std::uint32_t>(rows.size())) : batch.take(rows);
  }
  BatchBuilder rows(store_.batch(slot).schema());
  Time entered = kTimeMax;
  for (const Entry& entry : entries) {
    const Batch& batch = store_.batch(entry.at.slot);
    rows.add_row_from(batch, entry.at.row);
    entered = std::min(entered, batch.entered());
  }
  return rows.finish().with_entered(entered);
}

void HeldRows::save(StateWriter& state, std::string_view part) const {
  std::vector<Entry> sorted = heap_;
  std::ranges::sort(sorted, [](const Entry& a, const Entry& b) { return later(b, a); });
  SnapshotWriter snapshot;
  snapshot.put(watermark_limit().time_since_epoch().count());
  snapshot.put_count(sorted.size());
  for (const Entry& entry : sorted) {
    snapshot.put(entry.time);
    snapshot.put_row(store_.batch(entry.at.slot), entry.at.row);
  }
  state.write_bytes(part, snapshot.take());
}

std::vector<bool> HeldRows::by_number(const KeyShare& share, const Batch& rows) {
  std::vector<bool> ours(rows.row_count());
  for (std::uint32_t row = 0; row < rows.row_count(); ++row) ours[row] = share.has(row);
  return ours;
}

Status HeldRows::load(const StateReader& state, std::string_view part, const SchemaPtr& schema,
                      const Ours& ours) {
  const std::string* bytes = state.bytes(part);
  if (bytes == nullptr) return fail(Code::missing_value, fmt::format("the state has no part `{}`", part));
  SnapshotReader snapshot(*bytes);
  const Time watermark{Duration(snapshot.get())};
  const std::uint64_t count = snapshot.get_count(16);
  BatchBuilder rows(schema);
  std::vector<std::int64_t> times;
  for (std::uint64_t at = 0; at < count; ++at) {
    times.push_back(snapshot.get());
    snapshot.get_row(rows);
    if (rows.row_count() != times.size()) break;  // damaged: `finish` says so
    if (at + 1 < count && rows.row_count() < Batch::kRowsMax / 64) continue;
    const Batch batch = rows.finish();
    const std::vector<bool> keep =
        state.share() == nullptr ? std::vector<bool>(times.size(), true) : ours(*state.share(), batch);
    std::vector<std::uint32_t> kept;
    std::vector<std::int64_t> kept_times;
    for (std::uint32_t row = 0; row < times.size(); ++row) {
      if (!keep[row]) continue;
      kept.push_back(row);
      kept_times.push_back(times[row]);
    }
    hold(batch, kept, kept_times, watermark);
    times.clear();
  }
  return snapshot.finish(part);
}

}  // namespace leat
