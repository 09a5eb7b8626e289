#pragma once

#include <functional>
#include <leat/units.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace leat {

class LogDisk;  // log/disk.hpp: the door to files, for tests and the simulator

/// One record as it came. Records are numbered from 0 without a gap: that number is the offset.
struct IngestRecord {
  std::uint64_t offset = 0;
  Time time{};            ///< when it arrived; never goes back from record to record
  std::uint32_t tag = 0;  ///< the writer's own
  std::string_view bytes;
};

struct IngestLogOptions {
  std::string folder;  ///< made if it is not there; holds nothing else
  std::uint64_t segment_bytes = 64u << 20;
  /// Most bytes on disk. Records that the reader has committed make room; when there are none, `append` is
  /// refused.
  std::uint64_t bytes_max = 1u << 30;
  /// Committed records older than this are deleted even when there is room.
  Duration age_max = std::chrono::hours(7 * 24);
  /// A group is made durable when it has so many bytes, or so long after its first record.
  std::uint64_t group_bytes = 64u << 10;
  Duration group_wait = std::chrono::milliseconds(2);
  /// Most bytes that wait to be written. More is refused until the disk has caught up.
  std::uint64_t waiting_bytes_max = 16u << 20;

  const Clock* clock = &system_clock();
  LogDisk* disk = nullptr;  ///< null: the machine's
  /// False: nothing happens in the background; the owner calls `IngestLog::work`. For tests and the
  /// simulator.
  bool background = true;
};

/// A place in a log, as users write it: `oldest`, `latest`, an offset, or a time (RFC 3339).
struct LogPosition {
  enum class Kind : std::uint8_t { oldest, latest, offset, time };
  Kind kind = Kind::oldest;
  std::uint64_t offset = 0;
  Time time{};

  static Result<LogPosition> parse(std::string_view text);
  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

/// What a source whose input goes through a log is besides: asked when a run shall begin elsewhere than where
/// the last one was.
class LogBacked {
 public:
  virtual ~LogBacked() = default;
  /// Before on_start, and instead of `load`. A position that is not there fails on_start.
  virtual void start_from(const LogPosition& position) = 0;
};

/// Reads durable records in order. One thread, which may be another than the log's; must go before the log.
class IngestLogReader {
 public:
  virtual ~IngestLogReader() = default;
  /// False: there is no further durable record for now. The bytes are valid until the next call, and
  /// kJsonPadding bytes behind them are readable. A damaged record is an error that names file and position.
  virtual Result<bool> next(IngestRecord& record) = 0;
  /// Of the record that comes next.
  virtual std::uint64_t offset() const = 0;
};

/// Puts records on disk before anyone hears that they were accepted: what was durable once survives kill -9
/// and power loss, in order and exactly once. Thread-safe. Groups of records share one fdatasync. Memory:
/// what waits to be written (`waiting_bytes_max`) and a buffer as large.
///
/// After a failed write or sync the log is dead: nothing more is accepted or said to be durable, since nobody
/// can know what the disk has (open it anew, which reads what is there). A full disk is no failure: space is
/// reserved a segment ahead, and `append` is refused until there is some.
class IngestLog {
 public:
  /// What opening found.
  struct Recovery {
    std::uint64_t cut_bytes = 0;  ///< of records that were being written when the machine or process died
    std::string cut_file;
    std::uint64_t cut_at = 0;  ///< position in that file
  };

  /// Locks the folder, checks what is there and cuts a torn end off. Refuses (storage_failed) a folder that
  /// another process has, and damage anywhere else; the message names file and position, and what to do.
  static Result<std::unique_ptr<IngestLog>> open(IngestLogOptions options);
  /// What waits is made durable, if the disk still works.
  virtual ~IngestLog() = default;

  virtual const Recovery& recovery() const = 0;

  struct Entry {
    std::string_view bytes;
    std::uint32_t tag = 0;
  };
  /// Takes all of the entries or none; they follow one another. Never blocks on the disk. Answers the offset
  /// behind the last: they are durable when `durable()` is as large.
  /// limit_reached: too much waits for the disk, or for the reader (`bytes_max`): try again later.
  /// too_large: does not fit a segment. storage_full: no space on the disk: try again later.
  /// storage_failed: the log is dead.
  virtual Result<std::uint64_t> append(std::span<const Entry> entries) = 0;
  /// The group that is being gathered needs not wait for more.
  virtual void flush() = 0;
  /// Every record before this offset is durable.
  virtual std::uint64_t durable() const = 0;
  /// Waits until `durable() >= offset`, the log is dead (its error), or the time is over (limit_reached).
  virtual Status wait_durable(std::uint64_t offset, Duration most) = 0;
  /// Called from a thread of the log's after `durable` has grown, room has come back or the log has died;
  /// must not block, and must not call the log. Stays until the log goes.
  virtual void on_change(std::function<void()> callback) = 0;
  /// The error that killed the log, if any.
  virtual Status health() const = 0;

  /// The first record that is still there, and the one that will be appended next.
  virtual std::uint64_t oldest() const = 0;
  virtual std::uint64_t next_offset() const = 0;
  virtual std::uint64_t bytes_on_disk() const = 0;
  /// The offset of a position; an offset or time before the first record or behind the last is an error
  /// (out_of_range) that says what there is. A time stands for the first record that is not older.
  virtual Result<std::uint64_t> find(const LogPosition& position) = 0;
  /// Records from this offset on; out_of_range if they are no longer, or not yet there.
  virtual Result<std::unique_ptr<IngestLogReader>> read_from(std::uint64_t offset) = 0;

  /// Nobody will ask for records before this offset again, except out of curiosity: they may be deleted. Kept
  /// on disk, by the log's thread; a smaller offset than before is ignored.
  virtual void commit_reader(std::uint64_t offset) = 0;
  /// What is kept on disk of it.
  virtual std::uint64_t reader_committed() const = 0;

  /// Does what waits: writes and syncs groups, keeps the reader's offset, deletes and reserves segments. Only
  /// without `background`.
  virtual void work() = 0;
};

}  // namespace leat
