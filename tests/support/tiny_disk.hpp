#pragma once

#include <sys/mount.h>

#include <cerrno>
#include <cstring>

#include "support/temp_folder.hpp"

namespace leat::testing {

/// A file system in memory that is soon full. Mounting needs root: `why_not()` says why there is none.
class TinyDisk {
 public:
  explicit TinyDisk(const std::string& size) {
    if (mount("leat-test", folder_.path("").c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0)
      mounted_ = true;
    else
      why_not_ = std::string("cannot mount a tmpfs: ") + std::strerror(errno);
  }
  ~TinyDisk() {
    if (mounted_) umount2(folder_.path("").c_str(), MNT_DETACH);
  }
  TinyDisk(const testing::TinyDisk&) = delete;
  TinyDisk& operator=(const testing::TinyDisk&) = delete;

  const std::string& why_not() const { return why_not_; }
  std::string path(const std::string& name) const { return folder_.path(name); }

 private:
  TempFolder folder_;
  bool mounted_ = false;
  std::string why_not_;
};

}  // namespace leat::testing
