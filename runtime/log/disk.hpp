#pragma once

#include <leat/result.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// One open file of a log. Closing it releases its lock. One thread at a time.
class LogFile {
 public:
  virtual ~LogFile() = default;
  /// Up to `size` bytes from a position; 0 at the end of the file.
  virtual Result<std::size_t> read(char* into, std::size_t size, std::uint64_t position) const = 0;
  /// Some of the bytes, at least one, at a position. Says how many.
  virtual Result<std::size_t> write(std::string_view bytes, std::uint64_t position) = 0;
  /// Reserves space: later writes up to `size` need none. New bytes are zero. storage_full if there is none.
  virtual Status reserve(std::uint64_t size) = 0;
  /// Returns when what was written is durable.
  virtual Status sync() = 0;
  virtual Result<std::uint64_t> size() const = 0;
};

/// The log's one door to a disk: the machine's, or one of tests and the simulator, which tears, fails and
/// fills up when told to. Errors are storage_full when there is no space and storage_failed otherwise, with
/// the path as their place. Thread-safe as far as different files go.
class LogDisk {
 public:
  enum class Access : std::uint8_t {
    read,    ///< the file must be there
    write,   ///< the file must be there
    create,  ///< a new, empty file in place of what was there
  };

  virtual ~LogDisk() = default;
  virtual Result<std::unique_ptr<LogFile>> open(const std::string& path, Access access) = 0;
  /// Takes a lock that ends with the file, or with the process. False: another holds it.
  virtual Result<bool> lock(LogFile& file) = 0;
  virtual Status make_folder(const std::string& path) = 0;
  /// Names of the files in a folder, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  /// Renames over what is there, within one folder. Durable after `sync_folder`.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  virtual Status sync_folder(const std::string& path) = 0;
};

/// The machine's disk. No state.
LogDisk& system_disk();

/// Writes all of it, however few bytes a call takes.
Status write_all(LogFile& file, std::string_view bytes, std::uint64_t position);
/// Reads until `size` bytes or the end of the file.
Result<std::size_t> read_all(const LogFile& file, char* into, std::size_t size, std::uint64_t position);

}  // namespace leat
