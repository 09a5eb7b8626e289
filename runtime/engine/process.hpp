#pragma once

#include <condition_variable>
#include <leat/runner.hpp>
#include <mutex>
#include <thread>

#include "engine/ledger.hpp"
#include "engine/worker.hpp"
#include "link/zmq_transport.hpp"

namespace leat {

/// What the workers of one host count, through all attempts.
struct HostMetrics {
  HostMetrics(const Topology& topology, const Plan& plan, const std::string& host);
  /// Between two attempts, when no worker is: what waited is gone, and the ledger begins anew.
  void begin_attempt(const Topology& topology, const Plan& plan);
  /// Any thread.
  Ledger ledger(const Topology& topology, const Plan& plan) const;

  Metrics metrics;
  std::vector<ActorMetrics*> actors;      ///< by Plan::instances
  std::vector<ChannelMetrics*> channels;  ///< by Plan::channels; null for local ones
  Ledger before;                          ///< what the attempts before have counted

 private:
  mutable std::mutex mutex_;  // guards `before`
};

/// The workers of one plan that run in this process: opens their sockets, starts their threads, ends them
/// together.
class Process final : public WorkerObserver {
 public:
  using Log = std::function<void(LogLevel, const std::string& actor, const std::string& message)>;
  /// One attempt of several: see Worker::Setup.
  struct Attempt {
    std::uint32_t epoch = 1;
    bool checkpoints = false;
    RestoredStates restored;
    std::optional<LogPosition> begin_at;
    const CrashHistory* crashes = nullptr;
    const HostKeys* keys = nullptr;      ///< null: links are plain
    WorkerObserver* observer = nullptr;  ///< of the workers instead of this; null: this
  };
  Process(const Topology& topology, const Plan& plan, std::string host, HostMetrics& metrics, Log log,
          Attempt attempt);
  ~Process() override;

  /// Opens all sockets, makes all workers and has them load their state. An error starts nothing.
  Status prepare();
  /// Starts all threads.
  void start();
  /// True when all workers have ended.
  bool wait_for(Duration duration);
  void drain();
  void abort();
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

  const std::optional<Error>& error() const { return error_; }  ///< after wait_for was true
  bool drained() const { return drained_; }
  bool aborted() const { return aborted_; }

  // WorkerObserver, from worker threads
  void failed(const std::string& actor, Error error) override;
  void log(LogLevel level, const std::string& actor, std::string message) override;
  void drain_requested() override { drain(); }

 private:
  Status open_transports();
  bool here(const WorkerPlan& worker) const { return worker.host == host_; }

  const Topology& topology_;
  const Plan& plan_;
  std::string host_;
  Log log_;
  HostMetrics& metrics_;
  Attempt attempt_;
  ZmqContext context_;
  std::vector<std::unique_ptr<ZmqTransport>> transports_;  // outlive the workers: messages pass by address
  std::unique_ptr<BlockingPool> pool_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t running_ = 0;
  std::optional<Error> error_;
  std::atomic<bool> drained_{false};
  std::atomic<bool> aborted_{false};
};

}  // namespace leat
