#pragma once

#include <leat/result.hpp>
#include <memory>
#include <string_view>

#include "ingest/byte_stream.hpp"

namespace leat {

/// Where in a file the next record begins.
struct FilePosition {
  std::uint64_t offset = 0;  ///< in unpacked bytes
  std::uint64_t line = 1;
  bool skipping = false;  ///< inside a line that was refused for its length
  friend bool operator==(const FilePosition&, const FilePosition&) = default;
};

/// Cuts a file into records: lines, or with `quote` CSV records, whose quoted fields may contain line ends.
/// Reads in chunks of 256 KiB, copies no record, and holds at most a chunk and one record. A byte order mark
/// at the beginning, and a carriage return before a line end, are left out. One thread.
class RecordReader {
 public:
  static constexpr std::size_t kPadding = 64;  ///< readable bytes behind every record, as simdjson wants them

  struct Format {
    char quote = '\0';  ///< '\0': a record is a line
    char delimiter = ',';
    std::size_t record_max = 1 << 20;  ///< bytes
    std::size_t chunk = 256 * 1024;    ///< bytes read at once
  };

  struct Record {
    std::string_view text;  ///< valid until the next call; only its beginning when it is too long
    FilePosition at;
    bool too_long = false;
    /// Of the first record of a chunk: it and the whole lines behind it, as far as they are in memory.
    std::string_view lines_ahead = {};
  };

  enum class Next : std::uint8_t { record, end };

  RecordReader(std::unique_ptr<ByteStream> stream, Format format);
  ~RecordReader();

  Status seek(FilePosition position);
  /// The next record; `end` when the file has no more for now. With `final`, what stands there without a line
  /// end is a record too.
  Result<Next> next(Record& record, bool final);
  /// The record that came last will come again.
  void put_back(const Record& record);
  /// Where the record after the last one begins.
  FilePosition position() const { return position_; }
  const ByteStream& stream() const { return *stream_; }
  /// Gives the buffer back while the file has nothing new.
  void release();

 private:
  struct Cut {
    std::size_t length = 0;  ///< of the record, without its line end
    std::size_t taken = 0;   ///< with it; 0: more bytes are needed to tell
    std::uint64_t lines = 1;
  };

  Cut cut(bool at_end) const;
  Cut cut_quoted(std::size_t first_line, bool at_end) const;
  std::string_view shown(std::size_t length) const;
  std::string_view whole_lines(const Cut& first) const;
  Result<bool> fill();
  void skip_to_line_end();
  void take(const Cut& cut, Record& record);
  void take_too_long(Record& record);
  void consume(std::size_t bytes, std::uint64_t lines);
  std::string_view waiting() const { return {buffer_.get() + begin_, end_ - begin_}; }

  std::unique_ptr<ByteStream> stream_;
  Format format_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;  // without padding
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_fresh_ = false;  // no record was taken since bytes were read
  FilePosition position_;
};

}  // namespace leat
