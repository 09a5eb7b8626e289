#pragma once

#include <functional>
#include <string>
#include <vector>

namespace leat::bench::limits {

/// One figure about the machine. Those that move data count messages (or writes) and check that all arrived.
struct Measure {
  std::string name;
  double value = 0;
  std::string unit;
  double events_per_s = 0;  ///< Messages per second; 0 where nothing is sent.
  bool ok = true;
};

using Report = std::function<void(const Measure&)>;

/// Each takes some hundred milliseconds per figure and reports figure by figure.
void measure_memory(const Report& report);
void measure_handover(const Report& report);
void measure_streams(double secs, const Report& report);
void measure_zmq(double secs, const Report& report);

}  // namespace leat::bench::limits
