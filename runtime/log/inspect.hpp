#pragma once

#include "log/reader.hpp"

namespace leat {

/// A log as one sees it who does not write it, even while another process does. It stands still: what is
/// added later, a new view sees. One thread.
class LogView {
 public:
  struct Segment {
    std::uint64_t base = 0;
    std::uint64_t end = 0;  ///< offset behind its last record
    std::uint64_t file_bytes = 0;
    Time made{};
  };
  static Result<std::unique_ptr<LogView>> open(const std::string& folder, LogDisk& disk = system_disk());
  virtual ~LogView() = default;

  virtual const std::vector<Segment>& segments() const = 0;
  virtual std::uint64_t oldest() const = 0;
  virtual std::uint64_t end() const = 0;
  virtual std::uint64_t bytes_on_disk() const = 0;
  virtual std::uint64_t reader_committed() const = 0;
  /// Of the first and the last record, if there are any.
  virtual std::optional<Time> first_time() const = 0;
  virtual std::optional<Time> last_time() const = 0;
  /// Bytes behind the last record that are none: a write that goes on just now, or that was cut off.
  virtual std::uint64_t torn_bytes() const = 0;

  virtual Result<std::uint64_t> find(const LogPosition& position) const = 0;
  /// The view must outlive the reader.
  virtual Result<std::unique_ptr<IngestLogReader>> read_from(std::uint64_t offset) const = 0;
};

/// Records from an offset on, and what is written later by another process, as soon as it is in the files:
/// perhaps a moment before it is durable. Its `next` never says that a record is damaged, only that there is
/// none yet.
Result<std::unique_ptr<IngestLogReader>> follow_log(const std::string& folder, std::uint64_t offset,
                                                    LogDisk& disk = system_disk());

/// Whether there are segments in a folder.
bool is_log(const std::string& folder, LogDisk& disk = system_disk());

struct LogTrim {
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
  std::uint64_t oldest = 0;  ///< the first record that is left
};
/// Deletes segments all of whose records are before `before`, of a log that no process writes. Refuses
/// records the reader has not committed, unless `force`; then the reader begins at `before`, and a damaged
/// segment is replaced by one with its records from `before` on.
Result<LogTrim> trim_log(const std::string& folder, const LogPosition& before, bool force,
                         LogDisk& disk = system_disk());

}  // namespace leat
