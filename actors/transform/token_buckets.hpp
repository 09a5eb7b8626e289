#pragma once

#include <leat/state.hpp>
#include <leat/units.hpp>
#include <unordered_map>

#include "transform/row_key.hpp"

namespace leat {

/// One token bucket per key: `burst` tokens at the most, `rate` new ones a second, a row takes one. Kept as
/// the generic cell rate algorithm does (ITU-T I.371): per key, only the moment at which its bucket is full
/// again. A full bucket is as good as none and is forgotten when room is needed.
class TokenBuckets {
 public:
  TokenBuckets(Rate rate, std::uint64_t burst, std::uint64_t keys_max);

  /// A key's bucket: nanoseconds since 1970.
  struct Bucket {
    std::int64_t full_at = INT64_MIN;
  };
  /// Times are in microseconds since 1970. Null: no room for another key. Valid until the next call.
  Bucket* find(std::string_view key, std::int64_t now);
  /// When the bucket's next token is there: `now`, or later.
  std::int64_t due(const Bucket& bucket, std::int64_t now) const;
  void take(Bucket& bucket, std::int64_t now) const;

  void save(StateWriter& state, std::string_view part) const;
  /// Adds what was saved; of another instance only its share of keys of this type (none: the one for all).
  Status load(const StateReader& state, std::string_view part, std::optional<Type> key);

 private:
  void forget_full(std::int64_t now);

  std::int64_t interval_ns_;
  std::int64_t tolerance_ns_;
  std::uint64_t keys_max_;
  std::int64_t forget_from_ns_ = INT64_MIN;  // before this, no bucket that was there at the last look is full
  std::unordered_map<std::string, Bucket, KeyHash, std::equal_to<>> buckets_;
};

}  // namespace leat
