#include "ingest/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>

namespace leat {

FileWatch::~FileWatch() {
  if (fd_ >= 0) ::close(fd_);
}

void FileWatch::watch_folder(const std::string& folder) {
  if (folders_.contains(folder)) return;
  if (fd_ < 0) fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  constexpr std::uint32_t kChanges =
      IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ONLYDIR;
  if (fd_ >= 0 && ::inotify_add_watch(fd_, folder.c_str(), kChanges) >= 0) folders_.insert(folder);
}

void FileWatch::clear() {
  if (fd_ < 0) return;
  std::array<char, 4096> events;
  while (::read(fd_, events.data(), events.size()) > 0) {
  }
}

}  // namespace leat
