#pragma once

#include "log/folder.hpp"
#include "log/reader_mark.hpp"

namespace leat {

/// The files of one log that is being written: which there are, where the next record goes, which may be
/// deleted. Every call works on the disk. One thread at a time.
class LogStore {
 public:
  struct Segment {
    std::uint64_t base = 0;
    std::uint64_t file_bytes = 0;
    Time made{};
  };

  /// Checks what is there, cuts a torn end, and makes a first segment if there is none.
  static Result<std::unique_ptr<LogStore>> open(LogFolder folder, std::uint64_t segment_bytes, Time now);

  const LogFolder& folder() const { return folder_; }
  const IngestLog::Recovery& recovery() const { return recovery_; }
  /// Oldest first; the last is the one that is written.
  const std::vector<Segment>& segments() const { return segments_; }
  std::uint64_t next_offset() const { return next_offset_; }
  /// No record is newer.
  Time last_time() const { return last_time_; }
  std::uint64_t reader_committed() const { return mark_->offset(); }
  std::uint64_t room() const { return segments_.back().file_bytes - position_; }
  std::uint64_t bytes_on_disk() const;

  /// Adds finished records to the last segment.
  Status write(std::string_view records, std::uint64_t next_offset, Time last_time);
  Status sync() { return file_->sync(); }
  /// Makes the spare the last segment.
  Status roll(Time now);

  bool has_spare() const { return spare_ != nullptr; }
  /// storage_full when there is no space; may be asked again.
  Status reserve_spare();
  Status keep_reader_committed(std::uint64_t offset) { return mark_->keep(offset); }
  /// Whether the oldest segment could go: it is not the one that is written, and the reader is behind it.
  bool may_remove_oldest() const { return segments_.size() > 1 && segments_[1].base <= reader_committed(); }
  /// From the list, so that no reader asks for it any more; then `remove` it.
  Segment take_oldest();
  Status remove(const Segment& segment);

 private:
  LogStore(LogFolder folder, std::uint64_t segment_bytes)
      : folder_(std::move(folder)), segment_bytes_(segment_bytes) {}
  Status recover(Time now);
  Status check_segment(std::uint64_t base, std::uint64_t next_base);
  Status recover_last(std::uint64_t base);
  Status cut(std::uint64_t position, std::uint64_t used_end);

  LogFolder folder_;
  std::uint64_t segment_bytes_;
  std::unique_ptr<LogFile> lock_;
  IngestLog::Recovery recovery_;
  std::vector<Segment> segments_;
  std::unique_ptr<LogFile> file_;
  std::uint64_t position_ = 0;
  std::uint64_t next_offset_ = 0;
  Time last_time_ = kTimeMin;
  std::unique_ptr<LogFile> spare_;
  std::unique_ptr<ReaderMark> mark_;
};

}  // namespace leat
