#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <leat/result.hpp>
#include <mutex>
#include <thread>
#include <vector>

namespace leat {

/// Threads for work that waits on a disk or a peer, so that workers never do. Shared by all workers of a
/// process. Threads start with the first job. Jobs not yet begun when it is destroyed are dropped; running
/// ones are awaited.
class BlockingPool {
 public:
  explicit BlockingPool(unsigned threads_max) : threads_max_(threads_max) {}
  virtual ~BlockingPool();
  /// Any thread.
  virtual void submit(std::function<void()> job);

 private:
  void run();

  unsigned threads_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool stopping_ = false;
};

}  // namespace leat
