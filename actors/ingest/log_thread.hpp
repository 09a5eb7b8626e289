#pragma once

#include <leat/ingest_log.hpp>
#include <mutex>
#include <thread>

namespace leat {

/// A descriptor that one thread waits for and others make readable.
class WakeFd {
 public:
  WakeFd();
  ~WakeFd();
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;
  int fd() const { return fd_; }
  void wake() const;
  void clear() const;
  /// Waits until it is readable, or for so long at the most.
  void wait(Duration most) const;

 private:
  int fd_;
};

/// A thread that brings input into a log, and how it ended.
class LogThread {
 public:
  virtual ~LogThread() = default;

  bool ended() const;
  Status health() const;

 protected:
  /// Called by the thread when it has nothing more to do.
  void end(Status how);

 private:
  mutable std::mutex mutex_;
  bool ended_ = false;
  std::optional<Error> error_;
};

}  // namespace leat
