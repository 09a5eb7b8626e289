#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace leat::bench {

struct Options;
class Histogram;

/// What one run of one contender measured. Holds no pointers: it comes back from a process of its own through
/// shared memory.
struct RunResult {
  std::uint64_t events = 0;
  std::uint64_t batch = 0;  ///< Records per message; 0 where the contender chooses.
  double secs = 0;          ///< First event to last row at the sink.
  double cpu_s = 0;         ///< Of all processes of the run, start of the source to end of the sink.
  double rss_mb = 0;        ///< VmHWM, summed over the processes.
  double ev_p50_us = 0;
  double ev_p99_us = 0;
  double ev_max_us = 0;
  std::uint64_t ev_n = 0;
  double win_p50_us = 0;
  double win_p99_us = 0;
  double win_max_us = 0;
  std::uint64_t win_n = 0;
  double other_cpu = 0;
  double steal = 0;
  bool ok = false;  ///< The check of the result rows passed.

  double events_per_s() const { return secs > 0 ? double(events) / secs : 0; }
  double cpu_s_per_m() const { return events > 0 ? cpu_s * 1e6 / double(events) : 0; }
  void take_latency(const Histogram& latency);
  void take_window_latency(const Histogram& latency);
};

/// Builds one JSON object, keys in the order of the calls. A number that is not finite becomes null.
class JsonObject {
 public:
  JsonObject& add(const std::string& key, const std::string& value);
  JsonObject& add(const std::string& key, const char* value) { return add(key, std::string(value)); }
  JsonObject& add(const std::string& key, double value);
  JsonObject& add(const std::string& key, std::uint64_t value);
  JsonObject& add(const std::string& key, bool value);
  JsonObject& add(const std::string& key, const JsonObject& value);
  JsonObject& add_null(const std::string& key);
  std::string text() const { return "{" + members_ + "}"; }

 private:
  JsonObject& add_text(const std::string& key, const std::string& text);

  std::string members_;
};

/// The object that describes one run: the same fields for every program, null where one does not apply.
JsonObject describe_run(const std::string& workload, const std::string& impl, const Options& options,
                        const RunResult& run);

/// The run in the middle by events per second (of two, the slower).
const RunResult& median_run(const std::vector<RunResult>& runs);

}  // namespace leat::bench
