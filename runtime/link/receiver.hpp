#pragma once

#include <deque>
#include <optional>

#include "link/credit.hpp"
#include "link/message.hpp"
#include "observe/metrics.hpp"

namespace leat {

/// The consumer's end of one channel: checks epoch and sequence, queues what came, grants credit for what was
/// processed. A state machine without I/O or clock. Bound: the credit window plus one batch.
class Receiver {
 public:
  /// `complete`: a hole in the sequence breaks the channel instead of being counted.
  Receiver(ChannelId id, std::uint32_t epoch, Window window, bool complete, ChannelMetrics& metrics)
      : id_(id), epoch_(epoch), window_(window), grants_(window), complete_(complete), metrics_(&metrics) {}

  const ChannelId& id() const { return id_; }

  /// The answer to a hello: `ready` with the first credit.
  Message on_hello();
  /// Takes data or fin; anything out of place is counted and dropped.
  void on_message(Message&& message);

  /// How many messages were sent so far: says whether the last ones were lost.
  void on_ping(std::uint64_t sequence);

  /// What the consumer should process next: queued data, or the end.
  bool has_next() const { return !queue_.empty(); }
  const Message& front() const { return queue_.front(); }
  Message take();
  /// The message just taken has been processed.
  void processed(std::uint64_t rows, std::uint64_t bytes) { grants_.processed(rows, bytes); }

  /// A `credit` or, after the end was processed, the `fin_ack`, when one is due.
  std::optional<Message> reply();

  /// The newest of what `reply` has said, for a sender that may have missed it.
  std::optional<Message> repeat() const;

  bool connected() const { return connected_; }
  /// Messages are missing; nothing more is taken.
  bool broken() const { return broken_; }
  /// The end was processed and acknowledged.
  bool closed() const { return closed_; }

 private:
  Message credit() const;

  ChannelId id_;
  std::uint32_t epoch_;
  Window window_;
  CreditGrants grants_;
  bool complete_;
  ChannelMetrics* metrics_;
  std::deque<Message> queue_;
  std::uint64_t expected_ = 0;
  std::uint64_t rows_seen_ = 0, bytes_seen_ = 0;  // received or known to be lost
  std::uint64_t rows_queued_ = 0;
  bool connected_ = false;
  bool broken_ = false;
  bool fin_taken_ = false;
  bool closed_ = false;
};

}  // namespace leat
