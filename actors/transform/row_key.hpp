#pragma once

#include <leat/key_share.hpp>

namespace leat {

/// Appends bytes that are equal exactly when two values of one type are; null is a value like any other, NaN
/// equals itself, and -0.0 equals 0.0. Never empty.
void append_key(const Column& column, std::uint32_t row, std::string& out);

/// By position: whether a key, as `append_key` wrote it, is this instance's. `type`: the column's.
std::vector<bool> keys_of(const KeyShare& share, std::span<const std::string_view> keys, Type type);

/// Equal on every machine and in every version, so that it may decide what a sample holds.
std::uint64_t stable_hash(std::string_view bytes);
std::uint64_t stable_hash(std::uint64_t word);

/// Hash and equality for maps whose keys are looked up by view.
struct KeyHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
};

}  // namespace leat
