#include "chain/workload.hpp"

#include "common/splitmix.hpp"

namespace leat::bench::chain {

std::array<std::byte, kFillerBytes> make_filler() {
  std::array<std::byte, kFillerBytes> filler;
  SplitMix64 random(42);
  for (std::byte& each : filler) each = static_cast<std::byte>(random.next());
  return filler;
}

void conclude(const Options& options, const RunState& state, RunResult& result) {
  result.events = options.events;
  result.secs = double(state.end_ns - state.start_ns) * 1e-9;
  result.take_latency(state.latency);
  result.ok = state.start_ns > 0 && state.end_ns > 0;
  for (std::size_t stage = 0; stage < stage_count(options); ++stage) {
    const RunState::Stage& each = state.stages[stage];
    result.ok = result.ok && each.ended && (stage == 0 || each.edge.complete(options.events));
    if (options.deploy == "process") {
      result.cpu_s += each.cpu_s;
      result.rss_mb += each.rss_mb;
    }
  }
}

}  // namespace leat::bench::chain
