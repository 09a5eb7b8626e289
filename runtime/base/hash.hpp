#pragma once

#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace leat {

/// XXH3, 64 bits: equal on every machine, so it may decide where a key lives and travel in a header.
inline std::uint64_t hash_of(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}
inline std::uint64_t hash_of(std::uint64_t value) {
  return XXH3_64bits(&value, sizeof value);
}

/// Order-dependent hash of a sequence of parts.
class Hasher {
 public:
  void add(std::string_view bytes) { mix(hash_of(bytes)); }
  void add(std::uint64_t value) { mix(hash_of(value)); }
  std::uint64_t value() const { return value_; }

 private:
  void mix(std::uint64_t part) { value_ = hash_of(value_ ^ (part + 0x9e3779b97f4a7c15u)); }
  std::uint64_t value_ = 0;
};

}  // namespace leat
