#include "anomaly/histories.hpp"

#include <leat/codec.hpp>

namespace leat {

History* Histories::find_or_add(std::string_view key, std::uint64_t hash) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    if (limits_.forget) by_age_.splice(by_age_.end(), by_age_, found->second);
    return &*found->second;
  }
  if (by_age_.size() >= limits_.keys_max) {
    if (!limits_.forget) return nullptr;
    while (by_age_.size() >= limits_.keys_max) {
      by_key_.erase(by_age_.front().key);
      by_age_.pop_front();
    }
  }
  return &add(key, hash);
}

History& Histories::add(std::string_view key, std::uint64_t hash) {
  by_age_.push_back({std::string(key), 0, make_(hash), RecentScores(limits_.scores_max)});
  const auto added = std::prev(by_age_.end());
  by_key_.emplace(added->key, added);
  return *added;
}

void Histories::save(StateOut& out) const {
  out.put<std::uint64_t>(by_age_.size());
  for (const History& history : by_age_) {
    StateOut one;
    one.put(history.rows);
    history.recent.save(one);
    history.scorer->save(one);
    out.put_text(history.key);
    out.put_text(one.take());
  }
}

void Histories::load(StateIn& in, const KeyShare* share, const SchemaPtr& key) {
  BatchBuilder keys(key);
  std::vector<std::uint64_t> hash(1);
  for (auto left = in.get<std::uint64_t>(); left > 0 && in.ok(); --left) {
    const std::string_view text = in.get_text();
    StateIn one(in.get_text());
    if (!in.ok() || by_key_.contains(text) || !read_msgpack(text, keys)) return in.fail();
    const Batch row = keys.finish();
    if (share != nullptr && !share->of(row.columns(), 1)[0]) continue;
    hash[0] = 0;
    for (const Column& column : row.columns()) mix_hashes(column, hash);
    History& history = add(text, hash[0]);
    history.rows = one.get<std::uint64_t>();
    history.recent.load(one);
    history.scorer->load(one);
    if (!one.complete()) in.fail();
  }
}

std::size_t Histories::byte_size() const {
  std::size_t bytes = 0;
  for (const History& history : by_age_)
    bytes +=
        sizeof history + history.key.capacity() + history.scorer->byte_size() + history.recent.byte_size();
  return bytes;
}

}  // namespace leat
