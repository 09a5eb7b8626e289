#pragma once

#include <deque>
#include <leat/units.hpp>
#include <optional>

#include "link/credit.hpp"
#include "link/message.hpp"
#include "observe/metrics.hpp"

namespace leat {

/// The producer's end of one channel: gathers rows into messages and sends them against credit. A state
/// machine without I/O or clock: the worker asks `next` for what to send and passes in the time.
///
///   connecting --ready--> open --finish, all sent--> finishing --fin_ack--> closed
///
/// Bound: one activation of the producer beyond the consumer's window, because a blocked producer gets no
/// input.
class Sender {
 public:
  struct Limits {
    std::uint32_t batch_rows = 1024;  ///< rows a message should have under load
    Duration linger{1000};            ///< longest a partial message waits while the worker is busy
    Rows queue{10'000};               ///< most rows waiting here, unless it blocks
    /// `overflow`: never blocks and drops nothing; too many rows are for the worker to report.
    enum class WhenFull : std::uint8_t {
      block,
      drop_oldest,
      drop_newest,
      overflow
    } when_full = WhenFull::block;
  };

  Sender(ChannelId id, std::uint32_t epoch, Limits limits, ChannelMetrics& metrics)
      : id_(id), epoch_(epoch), limits_(limits), metrics_(&metrics) {}

  const ChannelId& id() const { return id_; }

  void push(Batch batch, Instant now);
  /// The watermark after everything pushed so far; sent with the next message.
  void set_watermark(Time watermark, bool idle);
  /// A checkpoint lies between what was pushed so far and what comes. One at a time.
  void push_barrier(std::uint64_t checkpoint);
  /// Nothing more will be pushed.
  void finish() { finish_wanted_ = true; }

  void on_ready(std::uint64_t rows_limit, std::uint64_t bytes_limit);
  void on_credit(std::uint64_t rows_limit, std::uint64_t bytes_limit);
  void on_fin_ack();

  /// The next message to send, if one is due. `flush`: the worker has nothing else to do, or a window has
  /// fired.
  std::optional<Message> next(Instant now, bool flush);

  /// Not ready yet, or what waits uses up the credit: the producer must not get more input.
  bool blocked() const {
    if (limits_.when_full != Limits::WhenFull::block) return false;
    return !open() || (!pending_.empty() && !credit_.covers(rows_waiting_, bytes_waiting_));
  }
  bool overflowed() const {
    return limits_.when_full == Limits::WhenFull::overflow && rows_waiting_ > limits_.queue.count;
  }
  bool open() const { return state_ != State::connecting; }
  bool closed() const { return state_ == State::closed; }
  std::uint64_t credit_rows() const { return credit_.rows_left(); }
  /// Messages sent so far.
  std::uint64_t sequence() const { return sequence_; }
  std::uint64_t rows_waiting() const { return rows_waiting_; }

 private:
  enum class State : std::uint8_t { connecting, open, finishing, closed };

  void make_room(std::uint64_t rows);
  Message message_of(MessageKind kind);
  Message data(Batch batch);
  Batch gather();
  void waiting_changed();

  ChannelId id_;
  std::uint32_t epoch_;
  Limits limits_;
  ChannelMetrics* metrics_;
  State state_ = State::connecting;
  CreditBalance credit_;
  std::uint64_t window_rows_ = 0;  ///< the first limit: what later ones exceed it by has been processed
  std::uint64_t sequence_ = 0;
  std::deque<Batch> pending_;
  std::uint64_t barrier_ = 0;          ///< number of the checkpoint whose barrier waits; 0: none
  std::size_t before_barrier_ = 0;     ///< batches of `pending_` that go before it
  Time barrier_watermark_ = kTimeMin;  ///< what stood when it was pushed
  bool barrier_idle_ = false;
  std::uint64_t rows_waiting_ = 0, bytes_waiting_ = 0;
  Instant waiting_since_{};
  Time watermark_ = kTimeMin;
  bool idle_ = false;
  bool watermark_unsent_ = false;
  bool finish_wanted_ = false;
};

}  // namespace leat
