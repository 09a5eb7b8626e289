#include "ingest/replay.hpp"

#include <algorithm>

namespace leat {
namespace {

Duration scaled(Time from, Time to, double speed) {
  constexpr double kHundredYears = 100.0 * 365 * 86'400 * 1e6;  // beyond, a row is never due: no overflow
  const double micros = static_cast<double>(to.time_since_epoch().count()) -
                        static_cast<double>(from.time_since_epoch().count());
  return Duration(static_cast<std::int64_t>(std::clamp(micros / speed, -kHundredYears, kHundredYears)));
}

}  // namespace

Time Replay::due(Time time, Time now) {
  if (recorded_ == kTimeMin) {
    recorded_ = time;
    started_ = now;
  }
  Time due = started_ + scaled(recorded_, time, speed_);
  if (resumed_) {
    resumed_ = false;
    if (due < now) {
      started_ += now - due;
      due = now;
    }
  }
  return due;
}

}  // namespace leat
