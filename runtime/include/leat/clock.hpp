#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace leat {

using Duration = std::chrono::microseconds;
/// UTC, microseconds since 1970: event times, watermarks, file positions in time.
using Time = std::chrono::sys_time<std::chrono::microseconds>;
/// For intervals and deadlines only; never shown, never stored.
using Instant = std::chrono::steady_clock::time_point;

/// Before every event, and after every event: the watermark at the start and at the end of a stream.
inline constexpr Time kTimeMin = Time(Duration(INT64_MIN));
inline constexpr Time kTimeMax = Time(Duration(INT64_MAX));

/// The one door to time. The engine gets it from outside, so that tests and the simulator own it.
/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual Instant steady() const = 0;
};

/// The machine's clock. One object for the whole process, without state.
const Clock& system_clock();

/// RFC 3339, with microseconds if any: "2026-11-21T04:50:00Z"; outside years 1 to 9999 microseconds since
/// 1970.
std::string to_text(Time time);

}  // namespace leat
