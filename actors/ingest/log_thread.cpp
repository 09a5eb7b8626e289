#include "ingest/log_thread.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace leat {

WakeFd::WakeFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

WakeFd::~WakeFd() {
  if (fd_ >= 0) ::close(fd_);
}

void WakeFd::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(fd_, &one, sizeof one);
}

void WakeFd::clear() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto ignored = ::read(fd_, &count, sizeof count);
}

void WakeFd::wait(Duration most) const {
  pollfd item{fd_, POLLIN, 0};
  const timespec limit{most.count() / 1'000'000, most.count() % 1'000'000 * 1000};
  ::ppoll(&item, 1, &limit, nullptr);
}

bool LogThread::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

Status LogThread::health() const {
  const std::lock_guard lock(mutex_);
  return error_ ? Status(Failure(*error_)) : Status();
}

void LogThread::end(Status how) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  if (!how) error_ = std::move(how).error();
}

}  // namespace leat
