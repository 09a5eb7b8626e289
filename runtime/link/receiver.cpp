#include "link/receiver.hpp"

namespace leat {

// A second hello comes from a producer that was started again: it counts from 0, and so do we.
Message Receiver::on_hello() {
  if (connected_) {
    expected_ = 0;
    rows_seen_ = bytes_seen_ = 0;
    grants_ = CreditGrants(window_);
  }
  connected_ = true;
  return {.kind = MessageKind::ready,
          .channel = id_,
          .epoch = epoch_,
          .rows_total = grants_.rows_limit(),
          .bytes_total = grants_.bytes_limit()};
}

void Receiver::on_message(Message&& message) {
  if (message.epoch != epoch_) return metrics_->stale.add(1);
  if (broken_) return;
  if (message.sequence < expected_) return metrics_->duplicates.add(1);
  if (message.sequence > expected_) {
    // What is missing will never be processed: count it and give its credit back, or the channel would run
    // dry.
    const std::uint64_t rows_lost = message.rows_total - std::min(message.rows_total, rows_seen_);
    const std::uint64_t bytes_lost = message.bytes_total - std::min(message.bytes_total, bytes_seen_);
    metrics_->gaps.add(message.sequence - expected_);
    if (complete_) {
      broken_ = true;
      return;
    }
    metrics_->rows_lost.add(rows_lost);
    grants_.processed(rows_lost, bytes_lost);
    rows_seen_ += rows_lost;
    bytes_seen_ += bytes_lost;
  }
  expected_ = message.sequence + 1;
  rows_seen_ += message.batch.row_count();
  bytes_seen_ += message.batch.byte_size();
  rows_queued_ += message.batch.row_count();
  metrics_->rows_received.add(message.batch.row_count());
  metrics_->batches_received.add(1);
  metrics_->rows_queued.set(rows_queued_);
  queue_.push_back(std::move(message));
}

void Receiver::on_ping(std::uint64_t sequence) {
  if (complete_ && sequence > expected_) broken_ = true;
}

Message Receiver::take() {
  Message message = std::move(queue_.front());
  queue_.pop_front();
  rows_queued_ -= message.batch.row_count();
  metrics_->rows_queued.set(rows_queued_);
  if (message.kind == MessageKind::fin) fin_taken_ = true;
  return message;
}

std::optional<Message> Receiver::reply() {
  if (closed_ || !connected_) return std::nullopt;
  if (fin_taken_) {
    closed_ = true;
    return Message{.kind = MessageKind::fin_ack, .channel = id_, .epoch = epoch_};
  }
  if (!grants_.due()) return std::nullopt;
  grants_.granted();
  return credit();
}

std::optional<Message> Receiver::repeat() const {
  if (closed_) return Message{.kind = MessageKind::fin_ack, .channel = id_, .epoch = epoch_};
  return connected_ ? std::optional(credit()) : std::nullopt;
}

Message Receiver::credit() const {
  return Message{.kind = MessageKind::credit,
                 .channel = id_,
                 .epoch = epoch_,
                 .rows_total = grants_.rows_limit(),
                 .bytes_total = grants_.bytes_limit()};
}

}  // namespace leat
