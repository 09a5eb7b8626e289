#pragma once

#include <deque>

#include "record/recording.hpp"
#include "topology/topology.hpp"

namespace leat {

/// Finds what `--links` names: "actor" (its first port) or "actor.port"; nothing named: everything that comes
/// out of sources or goes into sinks. An error names the word and a suggestion.
Result<std::vector<RecordedPort>> find_recorded_ports(const Topology& topology,
                                                      const std::vector<std::string>& names);

/// Adds to a topology what records some of its ports: ordinary sinks, one per port, as many instances as the
/// port's actor has, on the same workers. Outlives what runs the topology.
class Recorder {
 public:
  static Result<std::unique_ptr<Recorder>> create(const std::string& path, const Topology& topology,
                                                  std::vector<RecordedPort> ports);
  void add_to(Topology& topology);
  RecordingWriter& writer() { return *writer_; }

 private:
  std::vector<RecordedPort> ports_;
  std::shared_ptr<RecordingWriter> writer_;
  std::deque<Kind> kinds_;
};

}  // namespace leat
