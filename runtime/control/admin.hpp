#pragma once

#include "control/execution.hpp"

namespace leat {

struct Topology;

/// What a running topology told about itself.
struct AdminReport {
  std::string topology;
  std::string host;
  std::uint64_t checkpoint = 0;  ///< of a snapshot that was made
  Ledger ledger;
  std::uint64_t under_way = 0;
  std::vector<std::string> differences;  ///< sums that do not come out
};

/// Lets other programs of this user ask a running topology, over an ipc socket in its run folder. Its name
/// depends on the file's path, so that copies of a topology do not get in each other's way.
class AdminServer {
 public:
  /// Null, with a line in the log, when it can't be: the topology runs without.
  static std::unique_ptr<AdminServer> start(const Topology& topology, const std::string& host,
                                            Execution& execution, const Process::Log& log);
  ~AdminServer();

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The other side. Error: unreachable when it does not run; and what it answers.
class AdminClient {
 public:
  AdminClient(const Topology& topology, const std::string& host);

  /// Whether a process runs that has (or had) such a server.
  bool running() const;
  Result<AdminReport> audit(Duration timeout = std::chrono::seconds(5)) const;
  /// Like SIGTERM.
  Result<AdminReport> stop() const;
  /// Like a second SIGTERM.
  Result<AdminReport> abort() const;
  /// Returns when it is made.
  Result<AdminReport> snapshot(const std::string& name) const;

 private:
  Result<AdminReport> ask(const std::string& verb, const std::string& name, Duration timeout) const;

  std::string topology_, socket_;
};

}  // namespace leat
