#pragma once

#include <sys/prctl.h>
#include <time.h>

#include <cstdint>

namespace leat::bench {

/// CLOCK_MONOTONIC in nanoseconds: the same clock in every process of a run.
inline std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

inline void sleep_ns(std::int64_t duration_ns) {
  const timespec duration{duration_ns / 1'000'000'000, duration_ns % 1'000'000'000};
  nanosleep(&duration, nullptr);
}

/// Lets the calling thread's sleeps end within a microsecond or so of their time; the kernel's default
/// adds 50.
inline void sharpen_timers() {
  prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
}

}  // namespace leat::bench
