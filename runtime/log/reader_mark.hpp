#pragma once

#include "log/folder.hpp"

namespace leat {

/// Keeps on disk how far the reader has committed. Written in place, in two slots by turns, so that keeping
/// it needs no space on a full disk, and a torn write leaves the one before. One thread at a time.
class ReaderMark {
 public:
  /// Makes the file if it is not there. storage_failed, with what to do, when both slots are damaged.
  static Result<std::unique_ptr<ReaderMark>> open(const LogFolder& folder);
  /// For those who only look: 0 when there is no file.
  static Result<std::uint64_t> read(const LogFolder& folder);

  std::uint64_t offset() const { return offset_; }
  Status keep(std::uint64_t offset);

 private:
  std::unique_ptr<LogFile> file_;
  std::uint64_t offset_ = 0;
  unsigned next_slot_ = 0;
};

}  // namespace leat
