#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "observe/histogram.hpp"

namespace leat {

/// What threads write at every batch is kept apart by whole cache lines: sharing one costs more than the
/// batch.
inline constexpr std::size_t kCacheLine = 64;

/// What one actor instance has done. Written by its worker, read by anyone at any time.
struct alignas(kCacheLine) ActorMetrics {
  static constexpr std::size_t kReasonsMax = 8;
  struct Reason {
    std::atomic<const char*> name{nullptr};  // a literal of the actor or the engine
    std::size_t length = 0;
    Counter rows;
  };

  std::string actor;
  std::uint32_t instance = 0;
  std::string worker;
  Counter rows_in, rows_errors, rows_late;
  Counter rows_out;  ///< by all ports but `late` and `errors`
  Counter batches_in, batches_out;
  Counter bytes_in, bytes_out;
  Counter busy_ns;      ///< inside the actor; sampled for small batches
  Counter blocked_ns;   ///< ready to work, but without credit downstream
  Counter save_ns_max;  ///< longest time that a checkpoint has held the actor up
  Counter state_bytes;  ///< that the last checkpoint saved
  std::array<Reason, kReasonsMax> dropped;
  std::array<Reason, kReasonsMax> values;         ///< what the actor itself measures; `rows` is the number
  Histogram latency_us;                           ///< from the source to here, once per batch
  std::map<std::uint32_t, Counter> rows_by_link;  ///< given to each link that begins here; made once

  /// Reasons beyond kReasonsMax share the last slot.
  void add_dropped(std::string_view reason, std::uint64_t rows);
  /// More than kReasonsMax names are not kept.
  void set_value(std::string_view name, std::uint64_t value);
  std::uint64_t rows_dropped() const;
  const Counter* rows_of(std::uint32_t link) const {
    const auto found = rows_by_link.find(link);
    return found == rows_by_link.end() ? nullptr : &found->second;
  }
};

/// One channel of a link (producer instance to consumer instance). The sending worker writes the first block,
/// the receiving worker the second.
struct alignas(kCacheLine) ChannelMetrics {
  std::string link;  ///< "english -> sentiment"
  std::uint32_t producer = 0;
  std::uint32_t consumer = 0;
  bool consumer_here = true;  ///< in this process, so the second block is filled
  alignas(kCacheLine) Counter rows_sent;
  Counter batches_sent, bytes_sent;
  Counter
      rows_confirmed;  ///< of those sent: processed, as the consumer's credit tells, a quarter window late
  Counter rows_waiting, bytes_waiting;  ///< accepted by the link, not yet sent
  Counter rows_dropped_oldest, rows_dropped_newest;

  alignas(kCacheLine) Counter rows_received;
  Counter batches_received;
  Counter rows_queued;  ///< received, not yet processed
  Counter rows_lost;    ///< by the totals that the next message names
  Counter gaps, duplicates, stale, malformed;
};

/// All metrics of one process. Filled while the process is built; afterwards its shape is fixed, so readers
/// need no lock.
class Metrics {
 public:
  ActorMetrics& add_actor() { return actors_.emplace_back(); }
  ChannelMetrics& add_channel() { return channels_.emplace_back(); }
  const std::deque<ActorMetrics>& actors() const { return actors_; }
  const std::deque<ChannelMetrics>& channels() const { return channels_; }

 private:
  std::deque<ActorMetrics> actors_;
  std::deque<ChannelMetrics> channels_;
};

/// All instances of one actor added up.
struct ActorTotals {
  std::string actor;
  std::uint64_t in = 0, out = 0, late = 0, errors = 0, dropped = 0;
  std::map<std::string, std::uint64_t> dropped_by;
  std::uint64_t busy_ns = 0, blocked_ns = 0;
  std::uint64_t latency_p50_us = 0, latency_p99_us = 0;
};

/// In order of first appearance.
std::vector<ActorTotals> totals(const Metrics& metrics);

/// Prometheus text exposition format 0.0.4; every sample carries the topology's name.
std::string prometheus_text(const Metrics& metrics, std::string_view topology);

}  // namespace leat
