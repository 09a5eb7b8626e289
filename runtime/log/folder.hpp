#pragma once

#include "log/cursor.hpp"

namespace leat {

/// A log's folder: `00000000000000000000.log` is the segment whose first record has that offset; `reader`
/// keeps what the reader has committed; `spare` is the next segment, reserved; `lock` is locked by who
/// writes.
struct LogFolder {
  LogDisk* disk;
  std::string path;

  std::string file(std::string_view name) const { return path + "/" + std::string(name); }
  std::string segment(std::uint64_t base) const;
  /// The bases of all segments, in order.
  Result<std::vector<std::uint64_t>> bases() const;
  /// A cursor at the first record of a segment. storage_failed, with what to do, when its head is damaged.
  Result<SegmentCursor> open_segment(std::uint64_t base) const;

  /// Locks the folder for one who writes. storage_failed when another process has it.
  Result<std::unique_ptr<LogFile>> lock() const;

  /// The error for a damaged record, with what to type. `good`: the first record behind it that is not
  /// damaged, or the first of the next segment.
  Failure damage(std::uint64_t base, std::uint64_t position, std::uint64_t offset,
                 std::optional<std::uint64_t> good) const;
};

inline constexpr std::string_view kSpareName = "spare";

}  // namespace leat
