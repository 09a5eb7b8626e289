#pragma once

#include <cstdint>
#include <leat/result.hpp>
#include <memory>
#include <optional>

namespace leat {

/// Which file a name stands for: survives renaming, tells a rotated file from its successor.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};

struct FileStat {
  FileId id;
  std::uint64_t size = 0;
};

/// Nothing when there is no such file.
std::optional<FileStat> stat_file(const std::string& path);

/// The bytes of one file from the beginning, unpacked if they are packed. One thread.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Up to `size` bytes; 0 at the end of the file. A plain file may grow, so a later call may answer more. An
  /// archive that is cut off or damaged is a malformed_record: what came before it is good.
  virtual Result<std::size_t> read(char* into, std::size_t size) = 0;
  /// The next read begins at this byte. Archives are unpacked up to there.
  virtual Status seek(std::uint64_t offset) = 0;
  virtual FileStat stat() const = 0;
  /// Whether more bytes may follow after an end: not for archives.
  virtual bool may_grow() const = 0;
};

/// Opens a regular file; gzip by the name's ending or by its first bytes. The error names the file and what
/// to do.
Result<std::unique_ptr<ByteStream>> open_stream(const std::string& path);

}  // namespace leat
