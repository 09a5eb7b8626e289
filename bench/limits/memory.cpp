#include <cstdint>
#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

#include "common/clock.hpp"
#include "limits/limits.hpp"

namespace leat::bench::limits {
namespace {

// Far larger than any cache, so that memory itself is measured.
constexpr std::size_t kBufferBytes = 128u << 20;
constexpr int kPasses = 4;

template <class Work>
double seconds_of(Work&& work) {
  const std::int64_t begin = now_ns();
  work();
  return double(now_ns() - begin) * 1e-9;
}

// What a sleep of 20 microseconds really takes.
double sleep_us() {
  constexpr int kSleeps = 2000;
  return 1e6 / kSleeps * seconds_of([] {
           for (int i = 0; i < kSleeps; ++i) sleep_ns(20'000);
         });
}

}  // namespace

void measure_memory(const Report& report) {
  {
    std::vector<std::uint64_t> from(kBufferBytes / 8, 1), to(kBufferBytes / 8, 2);
    const double copy_s = seconds_of([&] {
      for (int pass = 0; pass < kPasses; ++pass) {
        from[0] = std::uint64_t(pass);
        std::memcpy(to.data(), from.data(), kBufferBytes);
      }
    });
    report({"memcpy", double(kBufferBytes) * kPasses / copy_s / 1e9, "GB/s", 0, to[0] == kPasses - 1});
    std::uint64_t sum = 0;
    const double read_s = seconds_of([&] {
      for (int pass = 0; pass < kPasses; ++pass) {
        sum = std::accumulate(to.begin(), to.end(), sum);
        // Or the compiler reads the buffer once and multiplies.
        asm volatile("" : : "r"(to.data()) : "memory");
      }
    });
    const bool right = sum == kPasses * (kBufferBytes / 8 - 1 + kPasses - 1);
    report({"memory read", double(kBufferBytes) * kPasses / read_s / 1e9, "GB/s", 0, right});
  }
  constexpr int kReads = 5'000'000;
  std::int64_t last = 0;
  const double clock_s = seconds_of([&] {
    for (int i = 0; i < kReads; ++i) last = now_ns();
  });
  report({"clock read", clock_s / kReads * 1e9, "ns", 0, last > 0});
  report({"nanosleep(20 us)", sleep_us(), "us", 0, true});
  double sharp_us = 0;
  std::thread([&] {
    sharpen_timers();
    sharp_us = sleep_us();
  }).join();
  report({"nanosleep(20 us), timer slack 1 us", sharp_us, "us", 0, true});
}

}  // namespace leat::bench::limits
