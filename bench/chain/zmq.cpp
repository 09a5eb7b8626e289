#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "chain/workload.hpp"
#include "common/address_pipe.hpp"
#include "common/isolate.hpp"
#include "common/shared.hpp"
#include "common/temp_dir.hpp"

// The hand-written ZeroMQ pipeline: PUSH to PULL, high-water mark 1000, one message = a batch of fixed-size
// records, an empty message = the end. One byte at the start runs through the whole chain before the source
// begins, so that connecting is not measured.
namespace leat::bench::chain {
namespace {

constexpr int kHighWaterMark = 1000;

// What all stages of a run know.
struct Wiring {
  const Options& options;
  RunState& state;
  std::string directory;               // For ipc.
  std::vector<AddressPipe> addresses;  // [stage]: where that stage's input is bound.
  AddressPipe ready;                   // The sink tells the source that the chain stands.
  std::vector<AddressPipe> ended;      // [stage]: the sink tells it that everything has come.
};

class Stage {
 public:
  Stage(Wiring& wiring, std::size_t index, zmq::context_t& context)
      : wiring_(wiring), index_(index), last_(stage_count(wiring.options) - 1) {
    if (index_ > 0) {
      in_.emplace(context, zmq::socket_type::pull);
      in_->set(zmq::sockopt::rcvhwm, kHighWaterMark);
      in_->bind(bind_address());
      wiring_.addresses[index_].tell(in_->get(zmq::sockopt::last_endpoint));
    }
    if (index_ < last_) {
      out_.emplace(context, zmq::socket_type::push);
      out_->set(zmq::sockopt::sndhwm, kHighWaterMark);
      out_->connect(wiring_.addresses[index_ + 1].hear());
    }
  }

  /// `started` is called when the first message is about to flow.
  template <class Started>
  void run(Started&& started) {
    pass_hello();
    started();
    if (index_ == 0)
      run_first();
    else if (index_ < last_)
      run_relay();
    else
      run_last();
    await_sink();
    wiring_.state.stages[index_].edge = edge_;
    wiring_.state.stages[index_].ended = true;
  }

 private:
  // libzmq over ipc loses what a slow reader has not taken when its sender closes (libzmq #4660).
  void await_sink() {
    if (index_ < last_) wiring_.ended[index_].hear();
    for (std::size_t stage = 0; index_ == last_ && stage < last_; ++stage) wiring_.ended[stage].tell("ended");
  }

  std::string bind_address() const {
    const std::string& edge = wiring_.options.edge;
    if (edge == "inproc") return "inproc://stage-" + std::to_string(index_);
    if (edge == "ipc") return "ipc://" + wiring_.directory + "/stage-" + std::to_string(index_);
    return "tcp://127.0.0.1:*";
  }

  void pass_hello() {
    zmq::message_t hello(1);
    if (in_ && !in_->recv(hello)) throw std::runtime_error("no hello from the previous stage");
    if (out_) out_->send(hello, zmq::send_flags::none);
    if (index_ == last_) wiring_.ready.tell("ready");
    if (index_ == 0) wiring_.ready.hear();
  }

  void run_first() {
    const auto filler = make_filler();
    const std::size_t full = hand_batch(wiring_.options) * kRecordBytes;
    zmq::message_t message;
    std::byte* data = nullptr;
    std::size_t used = 0;
    const auto flush = [&] {
      if (used == 0) return;
      if (used < full) {
        zmq::message_t partial(data, used);
        message = std::move(partial);
      }
      out_->send(message, zmq::send_flags::none);
      used = 0;
    };
    run_source(
        wiring_.options, wiring_.state,
        [&](std::int64_t time, std::uint64_t sequence) {
          if (used == 0) {
            message.rebuild(full);
            data = message.data<std::byte>();
          }
          write_record(data + used, time, sequence, filler.data());
          used += kRecordBytes;
          if (used == full) flush();
        },
        flush);
    out_->send(zmq::message_t(), zmq::send_flags::none);
  }

  void run_relay() {
    for (zmq::message_t message; next(message);) {
      zmq::message_t copy(message.size());
      const auto* from = message.data<std::byte>();
      auto* to = copy.data<std::byte>();
      for (std::size_t at = 0; at < message.size(); at += kRecordBytes) {
        edge_.see(record_sequence(from + at));
        std::memcpy(to + at, from + at, kRecordBytes);
      }
      out_->send(copy, zmq::send_flags::none);
    }
    out_->send(zmq::message_t(), zmq::send_flags::none);
  }

  void run_last() {
    Sink sink(wiring_.options, wiring_.state, edge_);
    for (zmq::message_t message; next(message);) {
      const auto* records = message.data<std::byte>();
      for (std::size_t at = 0; at < message.size(); at += kRecordBytes) sink.take(records + at);
    }
    sink.end();
  }

  bool next(zmq::message_t& message) { return in_->recv(message).has_value() && message.size() > 0; }

  Wiring& wiring_;
  std::size_t index_;
  std::size_t last_;
  std::optional<zmq::socket_t> in_;
  std::optional<zmq::socket_t> out_;
  EdgeCheck edge_;
};

// Stages as threads. They share a context only where the transport demands it; over ipc and tcp each has its
// own I/O thread, as it would have in a process.
void run_threads(Wiring& wiring, RunResult& result) {
  zmq::context_t shared(1);
  std::optional<CpuMeter> cpu;
  std::vector<std::thread> threads;
  for (std::size_t index = 0; index < stage_count(wiring.options); ++index)
    threads.emplace_back([&, index] {
      std::optional<zmq::context_t> own;
      if (wiring.options.edge != "inproc") own.emplace(1);
      Stage(wiring, index, own ? *own : shared).run([&] {
        if (index == 0) cpu.emplace();
      });
    });
  for (std::thread& thread : threads) thread.join();
  conclude(wiring.options, wiring.state, result);
  result.cpu_s = cpu->elapsed_s();
  result.rss_mb = peak_rss_mb();
}

void run_processes(Wiring& wiring, RunResult& result) {
  std::vector<int> processes;
  for (std::size_t index = 0; index < stage_count(wiring.options); ++index)
    processes.push_back(start_process([&, index] {
      std::optional<CpuMeter> cpu;
      {
        zmq::context_t context(1);
        Stage(wiring, index, context).run([&] { cpu.emplace(); });
      }
      wiring.state.stages[index].cpu_s = cpu->elapsed_s();
      wiring.state.stages[index].rss_mb = peak_rss_mb();
    }));
  std::string failed;
  for (const int process : processes)
    if (const Ending ending = join_process(process); !ending.empty()) failed = ending;
  if (!failed.empty()) throw std::runtime_error("a stage did not end well: " + failed);
  conclude(wiring.options, wiring.state, result);
}

}  // namespace

void run_zmq(const Options& options, RunResult& result) {
  const Shared<RunState> state;
  const TempDir directory;
  Wiring wiring{options,
                *state,
                directory.path(),
                std::vector<AddressPipe>(stage_count(options)),
                {},
                std::vector<AddressPipe>(stage_count(options))};
  result.batch = hand_batch(options);
  if (options.deploy == "process")
    run_processes(wiring, result);
  else
    run_threads(wiring, result);
}

}  // namespace leat::bench::chain
