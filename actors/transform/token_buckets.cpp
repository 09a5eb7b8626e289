#include "transform/token_buckets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "transform/snapshot.hpp"

namespace leat {
namespace {

constexpr std::int64_t kNsPerUs = 1000;
// A century: so that sums of a time and what is counted on it stay inside an int64.
constexpr double kIntervalMaxNs = 3.2e18;

}  // namespace

TokenBuckets::TokenBuckets(Rate rate, std::uint64_t burst, std::uint64_t keys_max)
    : interval_ns_(std::max<std::int64_t>(
          1, static_cast<std::int64_t>(std::min(kIntervalMaxNs, std::round(1e9 / rate.per_second))))),
      tolerance_ns_(static_cast<std::int64_t>(
          std::min(kIntervalMaxNs, static_cast<double>(interval_ns_) * static_cast<double>(burst - 1)))),
      keys_max_(keys_max) {}

TokenBuckets::Bucket* TokenBuckets::find(std::string_view key, std::int64_t now) {
  if (const auto at = buckets_.find(key); at != buckets_.end()) return &at->second;
  if (buckets_.size() >= keys_max_) forget_full(now);
  if (buckets_.size() >= keys_max_) return nullptr;
  return &buckets_.emplace(key, Bucket{}).first->second;
}

std::int64_t TokenBuckets::due(const Bucket& bucket, std::int64_t now) const {
  if (bucket.full_at <= now * kNsPerUs + tolerance_ns_) return now;
  return (bucket.full_at - tolerance_ns_ + kNsPerUs - 1) / kNsPerUs;
}

void TokenBuckets::take(Bucket& bucket, std::int64_t now) const {
  bucket.full_at = std::max(bucket.full_at, now * kNsPerUs) + interval_ns_;
}

void TokenBuckets::forget_full(std::int64_t now) {
  if (now * kNsPerUs < forget_from_ns_) return;
  std::int64_t next = INT64_MAX;
  std::erase_if(buckets_, [&](const auto& one) {
    const std::int64_t full_at = one.second.full_at;
    if (full_at <= now * kNsPerUs) return true;
    next = std::min(next, full_at);
    return false;
  });
  forget_from_ns_ = buckets_.empty() ? INT64_MIN : next;
}

void TokenBuckets::save(StateWriter& state, std::string_view part) const {
  SnapshotWriter snapshot;
  snapshot.put_count(buckets_.size());
  for (const auto& [key, bucket] : buckets_) {
    snapshot.put_text(key);
    snapshot.put(bucket.full_at);
  }
  state.write_bytes(part, snapshot.take());
}

Status TokenBuckets::load(const StateReader& state, std::string_view part, std::optional<Type> key_type) {
  const std::string* bytes = state.bytes(part);
  if (bytes == nullptr) return fail(Code::missing_value, fmt::format("the state has no part `{}`", part));
  SnapshotReader snapshot(*bytes);
  const std::uint64_t count = snapshot.get_count(16);
  std::vector<std::string_view> keys;
  std::vector<std::int64_t> full_at;
  for (std::uint64_t at = 0; at < count; ++at) {
    keys.push_back(snapshot.get_text());
    full_at.push_back(snapshot.get());
  }
  const KeyShare* share = state.share();
  const std::vector<bool> ours =
      share == nullptr || !key_type ? std::vector<bool>(keys.size(), true) : keys_of(*share, keys, *key_type);
  for (std::size_t at = 0; at < keys.size(); ++at) {
    if (!ours[at]) continue;
    Bucket& bucket = buckets_[std::string(keys[at])];
    bucket.full_at = std::max(bucket.full_at, full_at[at]);
  }
  return snapshot.finish(part);
}

}  // namespace leat
