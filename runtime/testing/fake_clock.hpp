#pragma once

#include <leat/clock.hpp>

namespace leat {

/// A clock that moves only when it is told to. One thread.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time start = Time(std::chrono::hours(24 * 365))) : now_(start) {}
  Time now() const override { return now_; }
  Instant steady() const override { return Instant(now_.time_since_epoch()); }
  void advance(Duration duration) { now_ += duration; }

 private:
  Time now_;
};

}  // namespace leat
