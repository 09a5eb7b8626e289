#pragma once

#include <leat/batch.hpp>
#include <span>
#include <vector>

namespace leat {

/// Mixes the hash of each row's value into `hashes`, which begin as zeros; equal for equal values on every
/// machine. Null is a key like any other, -0.0 equals 0.0.
void mix_hashes(const Column& column, std::span<std::uint64_t> hashes);

/// Which keys belong to one instance of an actor. Keys are hashed into a fixed number of groups, and groups
/// are dealt to instances in contiguous runs, so that another number of instances moves whole groups of state
/// (Flink's key groups). Links by key deal rows out by the same rule.
class KeyShare {
 public:
  static constexpr std::uint32_t kGroups = 128;

  KeyShare(std::uint32_t instance, std::uint32_t instances) : instance_(instance), instances_(instances) {}

  static std::uint32_t instance_of(std::uint64_t hash, std::uint32_t instances) {
    return static_cast<std::uint32_t>(hash % kGroups) * instances / kGroups;
  }

  /// By row: whether the key in these columns is this instance's.
  std::vector<bool> of(std::span<const Column> key, std::uint32_t rows) const;
  /// The same for things without a key: each belongs to one instance, by its number.
  bool has(std::uint64_t number) const { return number % instances_ == instance_; }

 private:
  std::uint32_t instance_, instances_;
};

}  // namespace leat
