#pragma once

#include <functional>
#include <leat/config_node.hpp>

#include "record/comparison.hpp"
#include "testing/excerpt.hpp"

namespace leat {

struct ReplayOptions {
  double speed = 0;                          ///< times faster than recorded; 0: as fast as it goes
  std::vector<std::string> ignored;          ///< fields that are not compared
  std::size_t lines_max = 20;                ///< differences shown per port
  std::function<void(Instant)> sleep_until;  ///< with a speed: waits on the machine's clock
};

struct ReplaySummary {
  std::uint64_t entries = 0;
  std::uint64_t rows = 0;
  Duration recorded{};           ///< from the first to the last entry
  std::vector<std::string> fed;  ///< ports that came from the recording
  std::vector<PortDrift> drifts;
  std::vector<std::string> warnings;  ///< what is incomplete, and what actors said
  bool drifted() const;
};

/// Feeds what was recorded at some ports of a topology into it, in place of the actors that sent it, and runs
/// the rest, through the real engine in this thread, on a clock that follows the recording. Of the recorded
/// ports, those are fed that have no other recorded port before them.
///
/// Without `compare`, everything behind the fed ports runs; with it, what leads to a port that both
/// recordings of the comparison, the one in `compare` and this run, have.
class Replay {
 public:
  /// Problems are named by recorded port; the topology outlives the replay.
  Replay(const Topology& topology, RecordingReader& recording, RecordingReader* compare,
         ReplayOptions options)
      : topology_(topology), recording_(recording), compare_(compare), options_(std::move(options)) {}

  Result<ReplaySummary> run();

 private:
  Result<ExcerptPlan> plan();
  Status add_feeds(ExcerptPlan& plan);
  Status add_captures(ExcerptPlan& plan);
  void run_all_behind(ExcerptPlan& plan) const;

  const Topology& topology_;
  RecordingReader& recording_;
  RecordingReader* compare_;
  ReplayOptions options_;
  ReplaySummary summary_;
  /// By recorded port: its feed and port; nothing for ports that are not fed.
  std::vector<std::optional<std::pair<std::size_t, std::uint8_t>>> feed_of_;
  std::vector<RowComparison> comparisons_;                 // by capture
  std::vector<std::optional<std::size_t>> comparison_of_;  // by port of `compare_`
};

}  // namespace leat
