#pragma once

#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>

#include "link/message.hpp"

namespace leat {

/// One output port whose rows are in a recording.
struct RecordedPort {
  std::string actor;
  std::string port;
  std::uint32_t instances = 1;  ///< of the actor
  SchemaPtr schema;

  std::string name() const { return actor + "." + port; }
};

/// What a recording is about. On disk a recording is
///
///   "leat-rec" | uint32 version (1) | block of RecordingHeader (proto/recording.proto) | blocks of entries
///
/// and a block is
///
///   uint32 bytes | uint32 kind | uint64 XXH3 of what follows | int64 time, microseconds since 1970 | bytes
///
/// Integers are little endian. The bytes of an entry are a frame as it travels between processes
/// (link/wire.hpp), whose link is the port's position in the header: rows, a watermark, or the end of one
/// instance's stream. An entry of lost rows has none: its time is their number. Entries stand in the order in
/// which they were written; a file that breaks off is good up to there.
struct RecordingHeader {
  std::string topology;
  Time started{};
  std::vector<RecordedPort> ports;
};

/// One thing that happened at a recorded port.
struct RecordedEntry {
  std::size_t port = 0;        ///< in RecordingHeader::ports
  std::uint32_t instance = 0;  ///< of the producer
  Time time{};                 ///< when it was sent
  Batch rows;                  ///< none: only the watermark moved
  Time watermark = kTimeMin;   ///< of this instance, once the rows are processed
  bool end = false;            ///< nothing follows from this instance
};

/// Writes a recording. `add` may be called from any thread and costs an append to memory: a thread of the
/// writer's own writes. When the disk can't follow, entries are lost and counted, and the recording says so;
/// nobody waits.
class RecordingWriter {
 public:
  static constexpr std::size_t kWaitingBytesMax = 64u << 20;

  /// Creates or replaces the file.
  static Result<std::unique_ptr<RecordingWriter>> create(const std::string& path,
                                                         const RecordingHeader& header);
  ~RecordingWriter();
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  void add(const RecordedEntry& entry);
  /// Writes what waits and closes the file; the first error of all writing. Nothing may be added afterwards.
  Status close();

  /// After `close`.
  std::uint64_t rows() const { return rows_; }
  std::uint64_t rows_lost() const { return rows_lost_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  RecordingWriter(std::string path, std::FILE* file);
  void run();
  void write(const std::string& bytes);

  std::string path_;
  std::FILE* file_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::string waiting_;
  std::uint64_t rows_ = 0, rows_lost_ = 0, rows_lost_unsaid_ = 0, bytes_ = 0;
  bool closing_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

/// Reads a recording from its beginning, one entry in memory at a time. One thread.
class RecordingReader {
 public:
  static Result<std::unique_ptr<RecordingReader>> open(const std::string& path);
  ~RecordingReader();
  RecordingReader(const RecordingReader&) = delete;
  RecordingReader& operator=(const RecordingReader&) = delete;

  const RecordingHeader& header() const { return header_; }
  /// Nothing at the end, and where the file is cut off or damaged.
  std::optional<RecordedEntry> next();
  /// After the end: why the file ends before its writer meant it to; empty if it does not.
  const std::string& broken() const { return broken_; }
  /// Rows that the writer could not keep, so far.
  std::uint64_t rows_lost() const { return rows_lost_; }

 private:
  struct Block;
  explicit RecordingReader(std::FILE* file) : file_(file) {}
  Status read_header(const std::string& path);
  std::optional<Block> read_block();

  std::FILE* file_;
  RecordingHeader header_;
  std::uint64_t offset_ = 0;
  std::uint64_t rows_lost_ = 0;
  std::string broken_;
  bool ended_ = false;
};

}  // namespace leat
