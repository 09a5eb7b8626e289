#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "common/clock.hpp"
#include "common/histogram.hpp"
#include "common/options.hpp"
#include "common/result.hpp"
#include "common/usage.hpp"

// Workload s1: source -> relays -> sink. Every contender uses these functions, so that what differs is only
// how the records get from one stage to the next.
namespace leat::bench::chain {

inline constexpr std::size_t kFillerBytes = 84;
inline constexpr std::size_t kRecordBytes = 16 + kFillerBytes;
/// Source, 32 relays and sink.
inline constexpr std::size_t kStagesMax = 34;
/// What `--batch=auto` means for the hand-written contenders.
inline constexpr std::uint64_t kHandBatch = 64;
/// Latency counts from this moment of a paced run on; before it caches and schedulers settle.
inline constexpr std::int64_t kWarmUpNs = 500'000'000;

inline std::uint64_t hand_batch(const Options& options) {
  return options.batch == 0 ? kHandBatch : options.batch;
}
inline std::size_t stage_count(const Options& options) {
  return options.relays + 2;
}

/// 8 bytes time, 8 bytes sequence, filler.
inline void write_record(std::byte* at, std::int64_t time, std::uint64_t sequence, const std::byte* filler) {
  std::memcpy(at, &time, 8);
  std::memcpy(at + 8, &sequence, 8);
  std::memcpy(at + 16, filler, kFillerBytes);
}
inline std::int64_t record_time(const std::byte* at) {
  std::int64_t time;
  std::memcpy(&time, at, 8);
  return time;
}
inline std::uint64_t record_sequence(const std::byte* at) {
  std::uint64_t sequence;
  std::memcpy(&sequence, at + 8, 8);
  return sequence;
}
/// The 84 bytes that every record carries.
std::array<std::byte, kFillerBytes> make_filler();

/// Counts what came over one edge and whether it came in order.
struct EdgeCheck {
  std::uint64_t received = 0;
  std::uint64_t sum = 0;
  bool in_order = true;

  void see(std::uint64_t sequence) {
    in_order &= sequence == received;
    sum += sequence;
    ++received;
  }
  bool complete(std::uint64_t events) const {
    const std::uint64_t sum_of_all = events % 2 == 0 ? events / 2 * (events - 1) : (events - 1) / 2 * events;
    return in_order && received == events && sum == sum_of_all;
  }
};

/// What the stages of one run report, wherever they live.
struct RunState {
  std::atomic<std::int64_t> start_ns{0};
  std::atomic<std::int64_t> end_ns{0};
  struct Stage {
    EdgeCheck edge;      ///< Of the stage's input; unused by the source.
    double cpu_s = 0;    ///< Of the stage's process; unused where stages are threads.
    double rss_mb = 0;   ///< Likewise.
    bool ended = false;  ///< Saw the end of the stream and closed in order.
  };
  std::array<Stage, kStagesMax> stages{};
  Histogram latency;
};

/// The last stage: checks order and takes the latency of sampled events.
class Sink {
 public:
  Sink(const Options& options, RunState& state, EdgeCheck& edge)
      : state_(state), edge_(edge), sample_mask_(options.rate > 100'000 ? 63 : 0), paced_(options.rate > 0) {}

  void take(const std::byte* record) { take(record_time(record), record_sequence(record)); }
  void take(std::int64_t time, std::uint64_t sequence) {
    edge_.see(sequence);
    if (paced_ && (sequence & sample_mask_) == 0) take_latency(time);
  }
  void end() { state_.end_ns = now_ns(); }

 private:
  void take_latency(std::int64_t scheduled_ns) {
    if (scheduled_ns - state_.start_ns.load(std::memory_order_relaxed) >= kWarmUpNs)
      state_.latency.add(now_ns() - scheduled_ns);
  }

  RunState& state_;
  EdgeCheck& edge_;
  std::uint64_t sample_mask_;
  bool paced_;
};

/// The first stage: calls `emit(time, sequence)` for every event and `flush()` when a partial batch must go
/// out. Paced runs are open loop: an event's time is its place in the schedule, however late it leaves, so a
/// stall counts against every event it delays.
template <class Emit, class Flush>
void run_source(const Options& options, RunState& state, Emit&& emit, Flush&& flush) {
  const std::int64_t start_ns = now_ns();
  state.start_ns = start_ns;
  if (options.idle_secs > 0) {
    sleep_ns(static_cast<std::int64_t>(options.idle_secs * 1e9));
  } else if (options.rate <= 0) {
    for (std::uint64_t k = 0; k < options.events; ++k) emit(static_cast<std::int64_t>(k), k);
  } else {
    sharpen_timers();
    const double step_ns = 1e9 / options.rate;
    std::uint64_t next = 0;
    while (next < options.events) {
      const auto due = static_cast<std::uint64_t>(double(now_ns() - start_ns) / step_ns) + 1;
      if (next >= due) {
        flush();
        sleep_ns(20'000);
      }
      for (; next < due && next < options.events; ++next)
        emit(start_ns + static_cast<std::int64_t>(double(next) * step_ns), next);
    }
  }
  flush();
}

/// Fills times, counts and latency of a finished run; CPU and memory too when the stages are processes.
void conclude(const Options& options, const RunState& state, RunResult& result);

/// Charges this process from construction on: for contenders whose stages are threads of it.
class CpuMeter {
 public:
  CpuMeter() : begin_s_(cpu_seconds(Charge::self)) {}
  double elapsed_s() const { return cpu_seconds(Charge::self) - begin_s_; }

 private:
  double begin_s_;
};

/// The contenders.
void run_loop(const Options& options, RunResult& result);
void run_spsc(const Options& options, RunResult& result);
void run_zmq(const Options& options, RunResult& result);
void run_leat(const Options& options, RunResult& result);

}  // namespace leat::bench::chain
