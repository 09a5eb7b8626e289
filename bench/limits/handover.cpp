#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "common/clock.hpp"
#include "common/histogram.hpp"
#include "common/pin.hpp"
#include "limits/limits.hpp"

namespace leat::bench::limits {
namespace {

// Two ways to make a sleeping thread run. One signal, one waiter.
class FutexBell {
 public:
  void ring() {
    rung_.store(1);
    rung_.notify_one();
  }
  void wait() {
    rung_.wait(0);
    rung_.store(0);
  }

 private:
  std::atomic<int> rung_{0};
};

class EventBell {
 public:
  EventBell() : fd_(eventfd(0, 0)) {}
  ~EventBell() { close(fd_); }
  EventBell(const EventBell&) = delete;
  EventBell& operator=(const EventBell&) = delete;

  void ring() const { eventfd_write(fd_, 1); }
  void wait() const {
    eventfd_t count;
    eventfd_read(fd_, &count);
  }

 private:
  int fd_;
};

// One way latency from ring() to the return of wait(), from this thread to one on another core, which slept
// for `pause_ns` before (0: no pause but the other's own ring).
template <class Bell>
Histogram wake_latency(int rounds, std::int64_t pause_ns) {
  Bell there, back;
  std::atomic<std::int64_t> rung_ns{0};
  Histogram latency;
  std::thread sleeper([&] {
    pin_to_core(1);
    for (int round = 0; round < rounds; ++round) {
      there.wait();
      latency.add(now_ns() - rung_ns.load());
      back.ring();
    }
  });
  pin_to_core(0);
  for (int round = 0; round < rounds; ++round) {
    if (pause_ns > 0) sleep_ns(pause_ns);
    rung_ns = now_ns();
    there.ring();
    back.wait();
  }
  sleeper.join();
  return latency;
}

void report_wake(const Report& report, const std::string& name, const Histogram& latency) {
  report({name + ", p50", double(latency.percentile(0.5)) / 1e3, "us", 0, latency.count() > 0});
  report({name + ", p99", double(latency.percentile(0.99)) / 1e3, "us", 0, latency.count() > 0});
}

// A cache line that two spinning cores pass to and fro.
double line_handover_ns() {
  constexpr std::uint64_t kRounds = 300'000;
  alignas(64) std::atomic<std::uint64_t> line{0};
  std::thread other([&] {
    pin_to_core(1);
    for (std::uint64_t turn = 1; turn < 2 * kRounds; turn += 2) {
      while (line.load(std::memory_order_acquire) != turn) {
      }
      line.store(turn + 1, std::memory_order_release);
    }
  });
  pin_to_core(0);
  const std::int64_t begin = now_ns();
  for (std::uint64_t turn = 0; turn < 2 * kRounds; turn += 2) {
    line.store(turn + 1, std::memory_order_release);
    while (line.load(std::memory_order_acquire) != turn + 2) {
    }
  }
  const double elapsed = double(now_ns() - begin);
  other.join();
  return elapsed / (2 * kRounds);
}

}  // namespace

void measure_handover(const Report& report) {
  constexpr int kRounds = 300;
  constexpr int kBusyRounds = 20'000;
  constexpr std::int64_t kPauseNs = 1'000'000;
  // Of its own, so that pinning ends with it.
  std::thread([&] {
    report_wake(report, "wake a sleeping core, futex", wake_latency<FutexBell>(kRounds, kPauseNs));
    report_wake(report, "wake a sleeping core, eventfd", wake_latency<EventBell>(kRounds, kPauseNs));
    report_wake(report, "wake to and fro, eventfd", wake_latency<EventBell>(kBusyRounds, 0));
    if (std::thread::hardware_concurrency() > 1)
      report({"cache line to another core", line_handover_ns(), "ns", 0, true});
  }).join();
}

}  // namespace leat::bench::limits
