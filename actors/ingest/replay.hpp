#pragma once

#include <leat/clock.hpp>

namespace leat {

/// When recorded rows are due, so that they come with the distances in time that they were recorded with,
/// divided by `speed`. The first row is due at once. Plain data; one thread.
class Replay {
 public:
  explicit Replay(double speed = 1) : speed_(speed) {}

  /// Continues after a restart; the time while nothing ran is not made up for.
  void resume(Time recorded, Time started) {
    recorded_ = recorded;
    started_ = started;
    resumed_ = true;
  }
  /// When a row recorded at `time` is due; the first one asked about sets the start.
  Time due(Time time, Time now);

  Time recorded() const { return recorded_; }
  Time started() const { return started_; }

 private:
  double speed_;
  bool resumed_ = false;
  Time recorded_ = kTimeMin;  // event time of the first row; kTimeMin: none yet
  Time started_ = kTimeMin;   // when that row came
};

}  // namespace leat
