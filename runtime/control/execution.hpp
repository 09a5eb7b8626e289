#pragma once

#include <leat/runner.hpp>

#include "engine/process.hpp"

namespace leat {

/// This process's part of a running topology. Calls from any thread, but `start` and `wait_for`.
class Execution {
 public:
  virtual ~Execution() = default;
  /// An error starts nothing.
  virtual Status start() = 0;
  /// True when it has ended.
  virtual bool wait_for(Duration duration) = 0;
  virtual void drain() = 0;
  virtual void abort() = 0;

  virtual const Metrics& metrics() const = 0;
  virtual Ledger ledger() const = 0;
  /// Makes a checkpoint and keeps it under a name; its number. Waits for it.
  virtual Result<std::uint64_t> snapshot(const std::string& name, Duration timeout) = 0;
  // After wait_for was true:
  virtual const std::optional<Error>& error() const = 0;
  virtual bool drained() const = 0;
  virtual bool aborted() const = 0;
  /// Rows that reached no outcome and will reach none.
  virtual std::uint64_t undelivered() const = 0;
};

/// `delivery: best_effort`: one attempt, and what is lost is counted. `keys`: null, or longer alive.
std::unique_ptr<Execution> make_single_attempt(const Topology& topology, const Plan& plan,
                                               const RunOptions& options, const HostKeys* keys,
                                               Process::Log log);

/// Where sources with an ingest log begin: nothing for `latest` and `none`.
std::optional<LogPosition> begin_of(const RunOptions& options);

}  // namespace leat
