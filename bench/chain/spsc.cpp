#include <memory>
#include <thread>
#include <vector>

#include "chain/ring.hpp"
#include "chain/workload.hpp"

namespace leat::bench::chain {
namespace {

// The writing end of a ring: publishes once per batch.
class Writer {
 public:
  Writer(Ring& ring, std::uint64_t batch) : ring_(ring), batch_(batch) {}

  std::byte* next() {
    ring_.await_space(position_);
    return ring_.slot(position_);
  }
  void commit() {
    if (++position_ - published_ == batch_) flush();
  }
  void flush() {
    if (position_ == published_) return;
    ring_.publish(position_);
    published_ = position_;
  }
  void close() {
    flush();
    ring_.close(position_);
  }

 private:
  Ring& ring_;
  std::uint64_t batch_;
  std::uint64_t position_ = 0;
  std::uint64_t published_ = 0;
};

void source(const Options& options, RunState& state, Ring& out) {
  const auto filler = make_filler();
  Writer writer(out, hand_batch(options));
  run_source(
      options, state,
      [&](std::int64_t time, std::uint64_t sequence) {
        write_record(writer.next(), time, sequence, filler.data());
        writer.commit();
      },
      [&] { writer.flush(); });
  writer.close();
}

// How many records a reader takes before it hands their slots back: one by one, reader and writer would fight
// for the cache line of the position.
constexpr std::uint64_t kFreeStep = Ring::kSlots / 8;

// Calls `take` for every record of a ring and `pause` whenever the ring ran dry.
template <class Take, class Pause>
void drain(Ring& in, Take&& take, Pause&& pause) {
  std::uint64_t position = 0;
  for (;;) {
    const std::uint64_t end = in.await_records(position);
    if (end == position) return;
    while (position < end) {
      const std::uint64_t stop = std::min(end, position + kFreeStep);
      for (; position < stop; ++position) take(in.slot(position));
      in.free_until(position);
    }
    pause();
  }
}

void relay(std::uint64_t batch, EdgeCheck& edge, Ring& in, Ring& out) {
  Writer writer(out, batch);
  drain(
      in,
      [&](const std::byte* record) {
        edge.see(record_sequence(record));
        std::memcpy(writer.next(), record, kRecordBytes);
        writer.commit();
      },
      [&] { writer.flush(); });
  writer.close();
}

}  // namespace

// One thread per stage, a bounded ring between each two.
void run_spsc(const Options& options, RunResult& result) {
  const auto state = std::make_unique<RunState>();
  const std::uint64_t batch = hand_batch(options);
  const std::size_t last = stage_count(options) - 1;
  std::vector<std::unique_ptr<Ring>> rings;
  for (std::size_t i = 0; i < last; ++i) rings.push_back(std::make_unique<Ring>());
  const CpuMeter cpu;
  std::vector<std::thread> threads;
  for (std::size_t stage = 1; stage < last; ++stage)
    threads.emplace_back([&, stage] {
      // A copy on the stage's own stack: neighbours' counters share cache lines.
      EdgeCheck edge;
      relay(batch, edge, *rings[stage - 1], *rings[stage]);
      state->stages[stage].edge = edge;
    });
  threads.emplace_back([&] {
    EdgeCheck edge;
    Sink sink(options, *state, edge);
    drain(
        *rings[last - 1], [&](const std::byte* record) { sink.take(record); }, [] {});
    sink.end();
    state->stages[last].edge = edge;
  });
  source(options, *state, *rings[0]);
  for (std::thread& thread : threads) thread.join();
  for (RunState::Stage& stage : state->stages) stage.ended = true;
  conclude(options, *state, result);
  result.batch = batch;
  result.cpu_s = cpu.elapsed_s();
  result.rss_mb = peak_rss_mb();
}

}  // namespace leat::bench::chain
