#pragma once

#include "log/folder.hpp"

namespace leat {

/// Which segment has a record, and up to where records may be read: what a reader asks while the log grows.
class LogExtent {
 public:
  virtual ~LogExtent() = default;
  /// Only records before this offset are read.
  virtual std::uint64_t readable_end() const = 0;
  /// The base of the segment that has, or will have, this record; nothing when it was deleted.
  virtual std::optional<std::uint64_t> segment_of(std::uint64_t offset) const = 0;
};

/// `extent` must outlive the reader. out_of_range when the record was deleted.
Result<std::unique_ptr<IngestLogReader>> make_log_reader(LogFolder folder, const LogExtent& extent,
                                                         std::uint64_t offset);

/// A segment as far as finding a time needs it.
struct SegmentTime {
  std::uint64_t base = 0;
  Time made{};
};
/// The offset of the first record that is not older; out_of_range when records so old were deleted.
Result<std::uint64_t> find_time(const LogFolder& folder, std::span<const SegmentTime> segments,
                                std::uint64_t end, Time time);
/// Checks that there is such a record, or that it will be the next.
Result<std::uint64_t> find_offset(std::uint64_t oldest, std::uint64_t end, std::uint64_t offset);

}  // namespace leat
