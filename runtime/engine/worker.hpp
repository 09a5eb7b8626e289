#pragma once

#include <atomic>
#include <leat/clock.hpp>
#include <leat/crash_history.hpp>
#include <leat/ingest_log.hpp>
#include <mutex>

#include "engine/blocking_pool.hpp"
#include "engine/cell.hpp"
#include "engine/peers.hpp"
#include "engine/stopwatch.hpp"
#include "engine/timers.hpp"
#include "engine/wakes.hpp"
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

  // With Setup::checkpoints only.
  /// One actor instance (in Plan::instances) is through with a checkpoint.
  virtual void snapshot(std::uint64_t /*checkpoint*/, std::size_t /*instance*/, CellState) {}
  /// What was said last to `Worker::commit` is done.
  virtual void committed(std::uint32_t /*worker*/, std::uint64_t /*checkpoint*/) {}
  /// Everything on this worker has ended; it waits to be released.
  virtual void quiet(std::uint32_t /*worker*/) {}
  /// Rows were lost on the way, or a peer is: this attempt can't go on, another may.
  virtual void broken(Error error) { failed("", std::move(error)); }
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
    bool checkpoints = false;             ///< channels are complete or break, and the end waits for `release`
    RestoredStates restored;              ///< what goes on from a checkpoint
    std::optional<LogPosition> begin_at;  ///< sources with an ingest log, when nothing is restored
    const CrashHistory* crashes = nullptr;  ///< null: none
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

  // The same in steps, for tests: load and start once, then turn until finished.
  /// Takes over what was saved. Errors name actor and instance.
  Status load();
  void start();
  /// Does what there is to do; false when there was nothing.
  bool turn();
  bool finished() const;
  /// How long `turn` will have nothing to do unless something comes; negative: for ever.
  Duration idle_time() const;

  /// Any thread: sources end, everything flows out.
  void drain();
  /// Any thread: barriers of this checkpoint go out; `last`: the sources send nothing after it.
  void checkpoint(std::uint64_t number, bool last = false);
  /// Any thread: the checkpoint is complete everywhere.
  void commit(std::uint64_t number);
  /// Any thread: `run` returns; the last checkpoint has everything that matters.
  void release();
  /// Any thread: `run` returns soon, whatever is left.
  void abort();

  // CellHost
  Time now() const override { return now_; }
  Instant steady_now() const override { return steady_now_; }
  void start_timer(std::size_t cell, Timer timer, Duration delay) override;
  void cancel_timer(std::size_t cell, Timer timer) override { timers_.cancel(cell, timer); }
  std::function<void()> waker(std::size_t cell, Timer timer) override { return wakes_->waker(cell, timer); }
  void offload(std::size_t cell, std::function<Status()> work,
               std::function<Status(Status, Context&)> then) override;
  void log(const Cell& cell, LogLevel level, std::string message) override;
  void fail(const Cell& cell, Error error) override;
  void flush_soon() override { flush_soon_ = true; }
  void snapshot(const Cell& cell, std::uint64_t checkpoint, CellState state) override;
  Cell* charge(Cell* cell) override { return stopwatch_.charge(cell); }

 private:
  struct Inlet;
  struct SourceState;
  struct Completion;

  void add_cells();
  void add_channels();
  void connect_outputs();
  void find_reach();
  void find_gates();
  std::size_t cell_of(std::size_t instance) const;

  void refresh_clock();
  bool run_checkpoints();
  bool all_ended() const;
  void say_hello();
  void audit_channels();
  void check_broken(const Inlet& inlet);
  bool held(std::size_t cell) const;
  bool waits(std::size_t cell) const { return blocked(cell) || held(cell); }
  bool may_take(const Inlet& inlet) const;
  bool receive();
  /// Whether the next turn will find something to do.
  bool more_ready() const;
  void handle(Message&& message);
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
  std::vector<std::vector<std::size_t>> reach_;        // by cell: itself and what it calls, in turn
  std::vector<std::vector<const RemoteEdge*>> gates_;  // by cell: the senders it can fill by local calls
  std::vector<std::vector<const Receiver*>> loops_;    // by cell: the loops that lead back to what it feeds
  std::map<ChannelId, Inlet*> inlet_of_;
  std::map<ChannelId, RemoteEdge*> edge_of_;
  std::size_t next_inlet_ = 0;
  Timers timers_;
  std::shared_ptr<Wakes> wakes_;
  Peers peers_;
  Stopwatch stopwatch_;
  Time now_{};
  Instant steady_now_{};
  Instant next_peer_check_{};
  bool flush_soon_ = false;
  bool messages_left_ = false;  // after as many as one turn takes
  bool sources_left_ = false;   // a source has more to produce at once
  bool draining_ = false;
  bool stopped_ = false;  // sources: after the last checkpoint
  bool said_quiet_ = false;
  std::uint64_t begun_ = 0;  // checkpoint whose barriers are out
  std::uint64_t committed_ = 0;
  Instant next_hello_ = Instant::max();
  Instant next_audit_ = Instant::max();
  std::vector<Timers::Fired> late_timers_;  // of cells that wait for others to be through with a checkpoint
  std::vector<int> readable_;

  std::mutex completions_mutex_;
  std::vector<Completion> completions_;
  std::atomic<bool> completions_waiting_{false};
  std::atomic<bool> drain_wanted_{false};
  std::atomic<bool> abort_wanted_{false};
  std::atomic<bool> release_wanted_{false};
  std::atomic<bool> stop_wanted_{false};
  std::atomic<std::uint64_t> checkpoint_wanted_{0};
  std::atomic<std::uint64_t> commit_wanted_{0};
};

}  // namespace leat
