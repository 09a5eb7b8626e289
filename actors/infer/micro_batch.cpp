#include "infer/micro_batch.hpp"

#include <algorithm>

namespace leat {

void MicroBatch::add(const Batch& rows, Time now, Time watermark) {
  if (rows.empty()) return;
  if (rows_ == 0) watermark_ = watermark;
  waiting_.push_back({rows, now, rows.entered() == kTimeMin ? now : std::min(rows.entered(), now)});
  rows_ += rows.row_count();
}

std::optional<Batch> MicroBatch::take(Time now) {
  if (rows_ >= limits_.rows_max) return take_rows(full_calls() * limits_.rows_max);
  if (rows_ == 0 || *due() > now) return std::nullopt;
  return take_rows(rows_);
}

std::optional<Batch> MicroBatch::take_all() {
  if (rows_ == 0) return std::nullopt;
  return take_rows(std::min(rows_, limits_.rows_max));
}

std::optional<Time> MicroBatch::due() const {
  if (rows_ == 0) return std::nullopt;
  if (limits_.delay.count() == 0 && !limits_.deadline) return waiting_.front().came;
  Time due = kTimeMax;
  // A deadline alone lets rows wait as long as their budget allows.
  if (limits_.delay.count() != 0) due = waiting_.front().came + limits_.delay;
  if (limits_.deadline)
    for (const Waiting& waiting : waiting_) due = std::min(due, waiting.entered + *limits_.deadline - call_);
  return due;
}

std::uint32_t MicroBatch::full_calls() const {
  constexpr Duration kTogether{500};
  const std::uint32_t whole = waiting_.front().left() / limits_.rows_max;
  if (!known_ || whole <= 1) return 1;
  return static_cast<std::uint32_t>(
      std::clamp<Duration::rep>(kTogether / std::max(call_, Duration(1)), 1, whole));
}

void MicroBatch::called(Duration took) {
  known_ = true;
  // Up at once, down slowly: a budget that was missed costs more than a batch that was closed early.
  call_ = took > call_ ? took : call_ - (call_ - took) / 16;
}

Batch MicroBatch::take_rows(std::uint32_t count) {
  std::vector<Batch> parts;
  std::size_t whole = 0;
  for (std::uint32_t wanted = count; wanted != 0;) {
    Waiting& waiting = waiting_[whole];
    const std::uint32_t taken = std::min(wanted, waiting.left());
    parts.push_back(waiting.rows.slice(waiting.taken, taken));
    waiting.taken += taken;
    wanted -= taken;
    if (waiting.left() == 0) ++whole;
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(whole));
  rows_ -= count;
  return parts.size() == 1 ? std::move(parts[0]) : concat(parts);
}

}  // namespace leat
