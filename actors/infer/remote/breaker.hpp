#pragma once

#include <leat/clock.hpp>
#include <vector>

namespace leat {

/// Stops asking an endpoint that mostly fails. Closed: counts the last outcomes. Open, once so many of them
/// were failures: nobody is let through for a while. Then half open: one is, and decides. Pure; knows no
/// clock.
class Breaker {
 public:
  struct Rules {
    double failures = 0.5;  ///< share of the outcomes that opens it
    std::uint32_t of = 20;  ///< outcomes looked at; fewer open nothing
    Duration pause = std::chrono::seconds(5);
  };
  enum class State : std::uint8_t { closed, half_open, open };  ///< as shown among the metrics: 0, 1, 2

  explicit Breaker(Rules rules) : rules_(rules), failed_(rules.of) {}

  /// Half open when it was open for long enough.
  State state(Time now) const {
    return open_ && now >= until_ ? State::half_open : open_ ? State::open : State::closed;
  }
  /// Whether one may be asked; half open, the first who asks is the one, until its outcome is recorded.
  bool lets_through(Time now) const {
    return state(now) == State::closed || (state(now) == State::half_open && !trying_);
  }
  /// Who was let through asks. True: it is the one who decides, half open.
  bool begin(Time now) {
    if (state(now) != State::half_open) return false;
    return trying_ = true;
  }
  /// How an attempt ended. `decides`: what `begin` said of it; others end nothing while it is open.
  void record(bool failed, bool decides, Time now);

 private:
  void reset();

  Rules rules_;
  std::vector<bool> failed_;  // a ring of the last `of`
  std::uint32_t next_ = 0, count_ = 0, failures_ = 0;
  bool open_ = false;
  bool trying_ = false;
  Time until_{};
};

}  // namespace leat
