#pragma once

#include <atomic>
#include <condition_variable>
#include <thread>

#include "control/coordinator.hpp"
#include "control/execution.hpp"
#include "control/host_control.hpp"
#include "link/zmq_mailbox.hpp"
#include "state/checkpoint_folder.hpp"

namespace leat {

/// A host's part of a topology with checkpoints: this process's HostControl, on the first host also the
/// Coordinator, their sockets and their thread. Attempt follows attempt until the run is over.
class Session final : public Execution, private WorkerObserver {
 public:
  /// `keys`: null, or longer alive.
  Session(const Topology& topology, const Plan& plan, const RunOptions& options, const HostKeys* keys,
          Process::Log log);
  ~Session() override;

  Status start() override;
  bool wait_for(Duration duration) override;
  /// The sources stop behind a last checkpoint; a later run goes on from it.
  void drain() override;
  void abort() override;

  const Metrics& metrics() const override { return metrics_.metrics; }
  Ledger ledger() const override { return metrics_.ledger(topology_, plan_); }
  Result<std::uint64_t> snapshot(const std::string& name, Duration timeout) override;
  const std::optional<Error>& error() const override { return error_; }
  bool drained() const override { return drain_wanted_; }
  bool aborted() const override { return abort_wanted_; }
  std::uint64_t undelivered() const override { return 0; }  // the next run goes on with them

 private:
  // WorkerObserver, any thread
  void failed(const std::string& actor, Error error) override;
  void log(LogLevel level, const std::string& actor, std::string message) override;
  void drain_requested() override { drain(); }

  Status open_folder();
  Status open_mailbox();
  Status make_coordinator();
  Result<std::optional<Manifest>> begin_elsewhere();
  void make_control();
  Result<std::unique_ptr<Crew>> make_crew(std::uint32_t epoch, RestoredStates restored,
                                          WorkerObserver& observer);
  void run();
  void receive();
  void exchange();
  void run_snapshot();
  void say_what_is_missing(Instant now);
  bool over() const;
  void wait(Instant until);
  void wake();

  const Topology& topology_;
  const Plan& plan_;
  std::string host_;
  std::string from_;
  std::optional<LogPosition> begin_at_;
  bool again_;
  const CrashHistory* crashes_;
  const HostKeys* keys_;
  Process::Log log_;
  HostMetrics metrics_;
  std::uint32_t number_ = 0;  // among the plan's hosts
  std::unique_ptr<CheckpointFolder> folder_;
  ZmqContext context_;
  std::unique_ptr<ZmqMailbox> mailbox_;  // null: this is the only process
  std::optional<Coordinator> coordinator_;
  std::unique_ptr<HostControl> control_;
  int wake_fd_ = -1;
  Instant next_reminder_{};
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Error> error_;
  bool ended_ = false;
  std::string snapshot_wanted_;  // a name
  std::optional<Result<std::uint64_t>> snapshot_made_;
  std::atomic<bool> drain_wanted_{false};
  std::atomic<bool> abort_wanted_{false};
};

}  // namespace leat
