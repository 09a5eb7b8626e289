#pragma once

#include <cstdint>

namespace leat {

/// Keys are hashed into a fixed number of groups, and groups are dealt to instances in contiguous runs, so
/// that a later change of `instances:` moves whole groups of state (Flink's key groups).
inline constexpr std::uint32_t kKeyGroups = 128;

inline std::uint32_t key_group(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash % kKeyGroups);
}
inline std::uint32_t instance_of_group(std::uint32_t group, std::uint32_t instances) {
  return group * instances / kKeyGroups;
}

}  // namespace leat
