#include "ingest/schedule.hpp"

#include <cmath>

namespace leat {

Duration Schedule::to_duration(std::uint64_t rows) const {
  if (rate_ <= 0) return Duration{};
  const double micros = static_cast<double>(rows) / rate_ * 1e6;
  constexpr double kHundredYears = 100.0 * 365 * 86'400 * 1e6;  // beyond, a row is never due: no overflow
  return Duration(static_cast<std::int64_t>(std::ceil(std::min(micros, kHundredYears))));
}

void Schedule::begin(std::uint64_t next, Time now, Time saved) {
  const Time fresh = now - to_duration(next);
  start_ = saved == kTimeMin ? fresh : std::max(saved, fresh);
}

std::uint64_t Schedule::due_count(Time now) const {
  if (!paced()) return UINT64_MAX;
  if (now < start_) return 0;
  const auto elapsed = static_cast<double>((now - start_).count());
  auto count = static_cast<std::uint64_t>(elapsed * rate_ / 1e6) + 1;  // row 0 is due at the start
  while (count > 0 && due(count - 1) > now) --count;
  while (due(count) <= now) ++count;
  return count;
}

}  // namespace leat
