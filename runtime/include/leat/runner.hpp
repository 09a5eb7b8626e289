#pragma once

#include <leat/context.hpp>
#include <leat/crash_history.hpp>
#include <leat/registry.hpp>

namespace leat {

struct Topology;

/// What one actor (all its instances) did in a run. Every row of `in` ended as out, dropped, late or error,
/// except where a kind makes several rows of one or one of several.
struct ActorSummary {
  std::string name;
  std::uint64_t in = 0, out = 0, late = 0, errors = 0;
  std::map<std::string, std::uint64_t> dropped;  ///< by reason
  std::uint64_t latency_p50_us = 0, latency_p99_us = 0;
  double busy_s = 0, blocked_s = 0;
};

enum class Outcome : std::uint8_t { finished, drained, failed, aborted };

struct RunSummary {
  std::string topology;
  Outcome outcome = Outcome::finished;
  std::optional<Error> error;  ///< why it failed
  double wall_s = 0;
  std::uint64_t undelivered = 0;  ///< rows that were accepted and, as far as known here, reached no outcome
  std::vector<ActorSummary> actors;  ///< of this process, producers before consumers
  int exit_code() const;             ///< sysexits: see docs/operations.md
};

struct RunOptions {
  std::string host;             ///< run the part placed on this host; empty: everything, in this process
  std::string from = "latest";  ///< `latest` checkpoint; `none`: start anew; `oldest`, a time or an offset:
                                ///< start anew, and sources with an ingest log there
  bool again = false;           ///< started by a supervisor after a crash, not by the user
  const CrashHistory* crashes = nullptr;  ///< outlives the run
  std::string metrics;                    ///< "127.0.0.1:9100": Prometheus text over HTTP; empty: none
  std::function<void(LogLevel, const std::string& actor, const std::string& message)>
      log;                                                 ///< any thread; empty: stderr
  std::function<void(const RunSummary& so_far)> progress;  ///< called by `run` every `progress_every`
  Duration progress_every = std::chrono::milliseconds(250);
};

/// A checked topology, ready to run in this process: what `leat run` and embedding programs use.
class Runner {
 public:
  /// Loads a file or folder. Null when it has problems; they are in `diagnostics`. The registry must outlive
  /// the runner.
  static std::unique_ptr<Runner> load(const std::string& path, Registry& registry, Diagnostics& diagnostics);
  /// A topology that was loaded before (the internal type; for the launcher).
  static std::unique_ptr<Runner> of(Topology topology);
  ~Runner();

  /// Blocks until the topology has ended, `drain` has emptied it, something failed, or `abort`. Once only.
  RunSummary run(const RunOptions& options = {});
  /// Any thread, also a signal handler's helper: sources end, everything flows out, `run` returns.
  void drain();
  /// Any thread: `run` returns soon; what was under way is counted as undelivered.
  void abort();

 private:
  struct Impl;
  explicit Runner(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
