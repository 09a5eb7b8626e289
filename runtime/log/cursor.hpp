#pragma once

#include "log/disk.hpp"
#include "log/records.hpp"

namespace leat {

/// Walks over the records of one segment from its first on. Holds 256 KiB or one long record. One thread.
class SegmentCursor {
 public:
  enum class Found : std::uint8_t {
    record,
    end,     ///< reserved space, or the end of the file
    damage,  ///< neither a record nor reserved space
  };

  static Result<SegmentCursor> open(std::unique_ptr<LogFile> file, const SegmentHead& head);

  /// Moves on behind the record it answers. Its bytes are valid until the next call, with kJsonPadding
  /// readable bytes behind them.
  Result<Found> next(IngestRecord& record);
  /// What was read ahead may be old by now.
  void forget() { end_ = begin_; }

  /// Of what comes next.
  std::uint64_t position() const { return position_; }
  std::uint64_t expected() const { return expected_; }
  const LogFile& file() const { return *file_; }
  std::uint64_t file_bytes() const { return file_bytes_; }
  /// When the segment was begun: none of its records is older, and none of those before it is newer.
  Time made() const { return made_; }

 private:
  SegmentCursor(std::unique_ptr<LogFile> file, const SegmentHead& head, std::uint64_t file_bytes);
  Result<bool> have(std::size_t bytes);

  std::unique_ptr<LogFile> file_;
  std::uint64_t position_ = kHeadBytes;
  std::uint64_t expected_;
  std::uint64_t file_bytes_;
  Time made_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Where the good records of a segment end, and why.
struct SegmentEnd {
  std::uint64_t position = 0;
  std::uint64_t next_offset = 0;
  std::optional<Time> first_time;  ///< of the first record, if there is one
  std::optional<Time> last_time;
  bool damaged = false;
};
Result<SegmentEnd> find_end(SegmentCursor cursor);

/// What stands behind the good records of a segment that may have been cut off while it was written.
struct Remains {
  std::uint64_t used_end =
      0;  ///< behind the last byte that is not zero; the position itself if there is none
  /// The first good record there that proves that the damaged one had been durable.
  std::optional<std::uint64_t> proof;
};
Result<Remains> look_at_remains(const LogFile& file, std::uint64_t position, std::uint64_t expected);

}  // namespace leat
