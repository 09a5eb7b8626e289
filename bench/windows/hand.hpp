#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <zmq.hpp>

#include "common/address_pipe.hpp"
#include "common/isolate.hpp"
#include "common/shared.hpp"
#include "common/temp_dir.hpp"
#include "windows/workload.hpp"

// The hand-written contenders, for any workload.
namespace leat::bench::windows {

inline constexpr int kHighWaterMark = 1000;

/// One thread, no hand-over.
template <class Work>
void run_loop(const Work& data, const Options& options, RunState& state) {
  const Pace pace(options);
  typename Work::Operator fold(data, pace.window_ns);
  const auto emit = [&](const Row& row) { state.totals.add(row); };
  state.start_ns = now_ns();
  typename Work::Record record;
  for (std::uint64_t k = 0; k < options.events; ++k) {
    record = data.records[k % kRecords];
    record.event_time_ns = static_cast<std::int64_t>(k) * pace.step_ns;
    fold.take(record, emit);
  }
  fold.end(emit);
  state.end_ns = now_ns();
}

/// Source, operators and sink over PUSH/PULL: one message = a batch of records, or of result rows; an empty
/// one is the end.
template <class Work>
class ZmqStages {
 public:
  ZmqStages(const Work& data, const Options& options, RunState& state)
      : data_(data), options_(options), state_(state), pace_(options) {}

  void run_threads() {
    zmq::context_t shared(1);
    std::vector<std::thread> threads;
    for (std::size_t stage = 0; stage < RunState::kStages; ++stage)
      threads.emplace_back([&, stage] {
        std::optional<zmq::context_t> own;
        if (options_.edge != "inproc") own.emplace(1);
        run_stage(stage, own ? *own : shared);
      });
    for (std::thread& thread : threads) thread.join();
  }

  void run_processes() {
    std::vector<int> processes;
    for (std::size_t stage = 0; stage < RunState::kStages; ++stage)
      processes.push_back(start_process([&, stage] {
        const double before = cpu_seconds(Charge::self);
        {
          zmq::context_t context(1);
          run_stage(stage, context);
        }
        state_.cpu_s[stage] = cpu_seconds(Charge::self) - before;
        state_.rss_mb[stage] = peak_rss_mb();
      }));
    std::string failed;
    for (const int process : processes)
      if (const Ending ending = join_process(process); !ending.empty()) failed = ending;
    if (!failed.empty()) throw std::runtime_error("a stage did not end well: " + failed);
  }

 private:
  using Record = typename Work::Record;

  void run_stage(std::size_t stage, zmq::context_t& context) {
    std::optional<zmq::socket_t> in, out;
    if (stage > 0) {
      in.emplace(context, zmq::socket_type::pull);
      in->set(zmq::sockopt::rcvhwm, kHighWaterMark);
      in->bind(options_.edge == "inproc" ? "inproc://stage-" + std::to_string(stage)
               : options_.edge == "ipc"  ? "ipc://" + directory_.path() + "/stage-" + std::to_string(stage)
                                         : std::string("tcp://127.0.0.1:*"));
      addresses_[stage].tell(in->get(zmq::sockopt::last_endpoint));
    }
    if (stage + 1 < RunState::kStages) {
      out.emplace(context, zmq::socket_type::push);
      out->set(zmq::sockopt::sndhwm, kHighWaterMark);
      out->connect(addresses_[stage + 1].hear());
    }
    if (stage == 0) run_source(*out);
    if (stage == 1) run_operators(*in, *out);
    if (stage == 2) run_sink(*in);
    // libzmq over ipc loses what a slow reader has not taken when its sender closes (libzmq #4660).
    if (stage < 2) ended_[stage].hear();
    for (std::size_t sender = 0; stage == 2 && sender < 2; ++sender) ended_[sender].tell("ended");
  }

  void run_source(zmq::socket_t& out) {
    ready_.hear();
    const std::uint64_t batch = options_.batch == 0 ? kHandBatch : options_.batch;
    state_.start_ns = now_ns();
    if (options_.rate > 0) sharpen_timers();
    for (std::uint64_t next = 0; next < options_.events;) {
      const std::uint64_t due = options_.rate > 0 ? scheduled() : options_.events;
      if (next == due) sleep_ns(20'000);
      while (next < due) next = send(out, next, std::min(batch, due - next));
    }
    out.send(zmq::message_t(), zmq::send_flags::none);
  }

  std::uint64_t scheduled() const {
    const auto due = static_cast<std::uint64_t>((now_ns() - state_.start_ns) / pace_.step_ns + 1);
    return std::min(due, options_.events);
  }

  std::uint64_t send(zmq::socket_t& out, std::uint64_t first, std::uint64_t count) {
    zmq::message_t message(count * sizeof(Record));
    auto* at = message.data<Record>();
    for (std::uint64_t row = 0; row < count; ++row) {
      std::memcpy(at + row, &data_.records[(first + row) % kRecords], sizeof(Record));
      at[row].event_time_ns = static_cast<std::int64_t>(first + row) * pace_.step_ns;
    }
    out.send(message, zmq::send_flags::none);
    return first + count;
  }

  void run_operators(zmq::socket_t& in, zmq::socket_t& out) {
    typename Work::Operator fold(data_, pace_.window_ns);
    std::vector<Row> rows;
    std::uint64_t seen = 0;
    const auto emit = [&](const Row& row) { rows.push_back(row); };
    const auto flush = [&] {
      if (!rows.empty()) out.send(zmq::buffer(rows), zmq::send_flags::none);
      rows.clear();
    };
    for (zmq::message_t message; in.recv(message) && message.size() > 0;) {
      const auto* records = message.data<Record>();
      for (std::size_t at = 0; at < message.size() / sizeof(Record); ++at) {
        if (options_.rate > 0 && ++seen % 64 == 0)
          sample(state_.event_latency, state_.start_ns, records[at].event_time_ns);
        fold.take(records[at], emit);
      }
      flush();
    }
    fold.end(emit);
    flush();
    out.send(zmq::message_t(), zmq::send_flags::none);
  }

  void run_sink(zmq::socket_t& in) {
    ready_.tell("ready");
    for (zmq::message_t message; in.recv(message) && message.size() > 0;)
      for (std::size_t at = 0; at < message.size() / sizeof(Row); ++at) {
        const Row& row = message.data<Row>()[at];
        state_.totals.add(row);
        const std::int64_t end_ns = (row.window + 1) * pace_.window_ns;
        // The last window ends with the stream, not in time.
        if (options_.rate > 0 && end_ns <= static_cast<std::int64_t>(options_.events) * pace_.step_ns)
          sample(state_.window_latency, state_.start_ns, end_ns);
      }
    state_.end_ns = now_ns();
  }

  const Work& data_;
  const Options& options_;
  RunState& state_;
  Pace pace_;
  TempDir directory_;
  std::array<AddressPipe, RunState::kStages> addresses_;
  AddressPipe ready_;
  std::array<AddressPipe, RunState::kStages> ended_;  // the sink tells the stages before it
};

/// Runs one hand-written contender and checks it.
template <class Work>
void run_hand(const std::string& impl, const Options& options, RunResult& result) {
  const Work data;
  const Totals expected = expected_totals(data, options);
  const Shared<RunState> state;
  const double before = cpu_seconds(Charge::self);
  if (impl == "loop") {
    run_loop(data, options, *state);
  } else {
    ZmqStages<Work> stages(data, options, *state);
    options.deploy == "process" ? stages.run_processes() : stages.run_threads();
  }
  result.cpu_s = cpu_seconds(Charge::self) - before;
  result.rss_mb = peak_rss_mb();
  conclude(options, impl, *state, expected, result);
}

/// What the contenders over records can do.
inline std::string pipelines(const std::string& impl, const Options& options) {
  if (impl != "leat" && options.shards > 1) return "it is one pipeline";
  if (impl == "loop" && options.rate > 0) return "one loop has no hand-over to time";
  if (impl == "loop" && (options.deploy != "thread" || options.edge != "inproc")) return "it has no sockets";
  if (impl == "leat" && options.deploy == "thread" && options.edge != "inproc")
    return "between its threads it always uses inproc";
  if (impl == "leat" && options.shards > 1 && options.deploy != "thread") return "shards are threads";
  return {};
}

}  // namespace leat::bench::windows
