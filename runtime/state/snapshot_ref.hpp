#pragma once

#include <cstdint>
#include <string>

namespace leat {

/// Where a process keeps its part of a checkpoint, and what must be found there.
struct SnapshotRef {
  std::string name;  ///< in the checkpoint folder of its host; empty: none
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  ///< XXH3 of all bytes
  friend bool operator==(const SnapshotRef&, const SnapshotRef&) = default;
};

}  // namespace leat
