#pragma once

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

}  // namespace leat::bench
