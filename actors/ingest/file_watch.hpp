#pragma once

#include <set>
#include <string>

namespace leat {

/// Tells when something changes in folders, by inotify. Where that is not to be had (a limit, a network file
/// system), `fd` says -1 or stays silent, so whoever waits must also look again from time to time. One
/// thread.
class FileWatch {
 public:
  FileWatch() = default;
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// Again and again is fine: a folder that was missing is tried anew.
  void watch_folder(const std::string& folder);
  /// Readable when something has changed since the last `clear`; -1 before the first folder.
  int fd() const { return fd_; }
  void clear();

 private:
  int fd_ = -1;
  std::set<std::string> folders_;
};

}  // namespace leat
