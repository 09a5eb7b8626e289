#pragma once

#include <atomic>
#include <leat/actor.hpp>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace leat {

/// The timers that other threads want to fire on one worker. It outlives the worker when a waker does. Any
/// thread, but `take` and `close`, which are the worker's.
class Wakes : public std::enable_shared_from_this<Wakes> {
 public:
  struct Due {
    std::size_t cell;
    Timer timer;
  };

  /// `wake`: ends the worker's sleep; not called after `close`.
  explicit Wakes(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// What Context::waker returns.
  std::function<void()> waker(std::size_t cell, Timer timer) {
    const auto line = std::make_shared<Line>();
    line->due = {cell, timer};
    return [self = shared_from_this(), line] {
      if (!line->waiting.exchange(true, std::memory_order_acq_rel)) self->add(line);
    };
  }
  bool any() const { return any_.load(std::memory_order_acquire); }
  /// Each timer that is wanted, once.
  std::vector<Due> take() {
    if (!any_.exchange(false, std::memory_order_acq_rel)) return {};
    std::vector<std::shared_ptr<Line>> lines;
    {
      const std::lock_guard lock(mutex_);
      lines.swap(lines_);
    }
    std::vector<Due> due;
    for (const auto& line : lines) {
      // Before its timer fires: what is announced from now on may not be seen by that.
      line->waiting.store(false, std::memory_order_release);
      due.push_back(line->due);
    }
    return due;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
    lines_.clear();
  }

 private:
  struct Line {
    Due due{};
    std::atomic<bool> waiting{false};
  };

  void add(const std::shared_ptr<Line>& line) {
    const std::lock_guard lock(mutex_);
    if (!wake_) return;
    lines_.push_back(line);
    any_.store(true, std::memory_order_release);
    wake_();
  }

  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<std::shared_ptr<Line>> lines_;
  std::atomic<bool> any_{false};
};

}  // namespace leat
