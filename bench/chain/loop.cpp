#include <memory>
#include <vector>

#include "chain/workload.hpp"

namespace leat::bench::chain {
namespace {

// Makes the compiler believe that someone reads the memory: without it the copies of the relays would vanish.
void keep(const void* memory) {
  asm volatile("" : : "r"(memory) : "memory");
}

}  // namespace

// One thread: each record is made, copied once per relay and checked. Nothing on one core can be faster.
void run_loop(const Options& options, RunResult& result) {
  const auto state = std::make_unique<RunState>();
  const auto filler = make_filler();
  std::vector<std::byte> copies(stage_count(options) * kRecordBytes);
  Sink sink(options, *state, state->stages[stage_count(options) - 1].edge);
  const CpuMeter cpu;
  run_source(
      options, *state,
      [&](std::int64_t time, std::uint64_t sequence) {
        std::byte* record = copies.data();
        write_record(record, time, sequence, filler.data());
        for (std::size_t relay = 1; relay <= options.relays; ++relay) {
          keep(record);
          state->stages[relay].edge.see(record_sequence(record));
          std::memcpy(record + kRecordBytes, record, kRecordBytes);
          record += kRecordBytes;
        }
        keep(record);
        sink.take(record);
      },
      [] {});
  sink.end();
  for (RunState::Stage& stage : state->stages) stage.ended = true;
  conclude(options, *state, result);
  result.batch = 1;
  result.cpu_s = cpu.elapsed_s();
  result.rss_mb = peak_rss_mb();
}

}  // namespace leat::bench::chain
