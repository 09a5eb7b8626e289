#pragma once

#include <atomic>
#include <leat/clock.hpp>
#include <mutex>

#include "engine/blocking_pool.hpp"
#include "engine/cell.hpp"
#include "engine/peers.hpp"
#include "engine/stopwatch.hpp"
#include "engine/timers.hpp"
#include "link/receiver.hpp"
#include "link/transport.hpp"

namespace leat {

/// What a worker tells its process. Called from worker threads: implementations are thread-safe.
class WorkerObserver {
 public:
  virtual ~WorkerObserver() = default;
  virtual void failed(const std::string& actor, Error error) = 0;
  virtual void log(LogLevel level, const std::string& actor, std::string message) = 0;
  /// A consumer on another host wants the sources to stop.
  virtual void drain_requested() = 0;
};

/// One thread's event loop over its cells: takes messages, runs what is not blocked, asks sources for rows,
/// sends what is due, sleeps when there is nothing to do. Everything it needs from outside is an interface,
/// so tests and the simulator can step it.
class Worker final : public CellHost {
 public:
  struct Setup {
    const Topology* topology = nullptr;
    const Plan* plan = nullptr;
    std::uint32_t number = 0;  ///< in Plan::workers
    std::uint32_t epoch = 1;
    const Clock* clock = nullptr;
    Transport* transport = nullptr;
    BlockingPool* pool = nullptr;
    WorkerObserver* observer = nullptr;
    std::vector<ActorMetrics*> actor_metrics;      ///< by Plan::instances
    std::vector<ChannelMetrics*> channel_metrics;  ///< by Plan::channels; null for local ones
  };
  explicit Worker(Setup setup);
  ~Worker() override;

  /// Until everything has ended, or `abort`. Then the actors are gone. For the worker's thread.
  void run();

  // The same in steps, for tests: start once, then turn until finished.
  void start();
  /// Does what there is to do; false when there was nothing.
  bool turn();
  bool finished() const;
  /// How long `turn` will have nothing to do unless something comes; negative: for ever.
  Duration idle_time() const;

  /// Any thread: sources end, everything flows out.
  void drain();
  /// Any thread: `run` returns soon, whatever is left.
  void abort();

  // CellHost
  Time now() const override { return now_; }
  Instant steady_now() const override { return steady_now_; }
  void start_timer(std::size_t cell, Timer timer, Duration delay) override;
  void cancel_timer(std::size_t cell, Timer timer) override { timers_.cancel(cell, timer); }
  void offload(std::size_t cell, std::function<Status()> work,
               std::function<Status(Status, Context&)> then) override;
  void log(const Cell& cell, LogLevel level, std::string message) override;
  void fail(const Cell& cell, Error error) override;
  void flush_soon() override { flush_soon_ = true; }
  Cell* charge(Cell* cell) override { return stopwatch_.charge(cell); }

 private:
  struct Inlet;
  struct SourceState;
  struct Completion;

  void add_cells();
  void add_channels();
  void connect_outputs();
  void find_gates();
  void find_loops();
  std::size_t cell_of(std::size_t instance) const;

  void refresh_clock();
  bool receive();
  void handle(Message message);
  bool run_inlets();
  bool run_timers();
  bool run_completions();
  bool run_sources();
  void begin_drain();
  bool pump(bool flush);
  void sleep();
  void check_peers();
  void close_peers();
  void ping(std::uint32_t peer);
  bool blocked(std::size_t cell) const;
  bool yields(std::size_t cell) const;
  void report_overflow(const ChannelId& id);
  void charge_blocked(std::chrono::nanoseconds time);

  Setup setup_;
  std::vector<std::unique_ptr<Cell>> cells_;
  std::vector<std::unique_ptr<LocalEdge>> local_edges_;
  std::vector<std::unique_ptr<RemoteEdge>> remote_edges_;
  std::vector<std::unique_ptr<Inlet>> inlets_;
  std::vector<std::unique_ptr<SourceState>> sources_;
  std::vector<std::vector<const RemoteEdge*>> gates_;  // by cell: the senders it can fill by local calls
  std::vector<std::vector<const Receiver*>> loops_;    // by cell: the loops that lead back to what it feeds
  std::map<ChannelId, Inlet*> inlet_of_;
  std::map<ChannelId, RemoteEdge*> edge_of_;
  std::size_t next_inlet_ = 0;
  Timers timers_;
  Peers peers_;
  Stopwatch stopwatch_;
  Time now_{};
  Instant steady_now_{};
  Instant next_peer_check_{};
  bool flush_soon_ = false;
  bool draining_ = false;
  std::vector<int> readable_;

  std::mutex completions_mutex_;
  std::vector<Completion> completions_;
  std::atomic<bool> completions_waiting_{false};
  std::atomic<bool> drain_wanted_{false};
  std::atomic<bool> abort_wanted_{false};
};

}  // namespace leat
