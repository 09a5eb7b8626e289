#include "aggregate/join_side.hpp"

#include <algorithm>

namespace leat {

void JoinSide::begin_batch(Batch batch) {
  if (const auto last = batches_.find(next_batch_); last != batches_.end() && last->second.count == 0)
    batches_.erase(last);
  batches_[++next_batch_] = {std::move(batch), 0};
}

void JoinSide::add(std::uint32_t key, std::int64_t time, std::uint32_t row, bool matched) {
  if (key >= by_key_.size()) by_key_.resize(key + 1);
  auto& entries = by_key_[key];
  const auto after = std::upper_bound(entries.begin(), entries.end(), time,
                                      [](std::int64_t at, const Entry& entry) { return at < entry.time; });
  entries.insert(after, {time, next_batch_, row, matched});
  ++batches_[next_batch_].count;
  ++rows_;
}

std::vector<JoinSide::Entry>::iterator JoinSide::first_from(std::vector<Entry>& entries, std::int64_t time) {
  return std::lower_bound(entries.begin(), entries.end(), time,
                          [](const Entry& entry, std::int64_t at) { return entry.time < at; });
}

void JoinSide::release(const Entry& entry) {
  --rows_;
  const auto held = batches_.find(entry.batch);
  if (--held->second.count == 0) batches_.erase(held);
}

void JoinSide::renumber(const std::vector<std::uint32_t>& number_of, std::uint32_t keys) {
  std::vector<std::vector<Entry>> by_key(keys);
  for (std::uint32_t key = 0; key < by_key_.size(); ++key)
    if (!by_key_[key].empty()) by_key[number_of[key]] = std::move(by_key_[key]);
  by_key_ = std::move(by_key);
}

}  // namespace leat
