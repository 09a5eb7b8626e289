#include "link/sender.hpp"

namespace leat {

void Sender::push(Batch batch, Instant now) {
  const std::uint64_t rows = batch.row_count();
  if (limits_.when_full != Limits::WhenFull::block && !(open() && credit_.may_send())) {
    if (limits_.when_full == Limits::WhenFull::drop_newest && rows_waiting_ + rows > limits_.queue.count) {
      metrics_->rows_dropped_newest.add(rows);
      return;
    }
    if (limits_.when_full == Limits::WhenFull::drop_oldest) make_room(rows);
  }
  if (pending_.empty()) waiting_since_ = now;
  rows_waiting_ += rows;
  bytes_waiting_ += batch.byte_size();
  pending_.push_back(std::move(batch));
  waiting_changed();
}

void Sender::make_room(std::uint64_t rows) {
  while (!pending_.empty() && rows_waiting_ + rows > limits_.queue.count) {
    metrics_->rows_dropped_oldest.add(pending_.front().row_count());
    rows_waiting_ -= pending_.front().row_count();
    bytes_waiting_ -= pending_.front().byte_size();
    pending_.pop_front();
    before_barrier_ -= std::min<std::size_t>(before_barrier_, 1);
  }
}

void Sender::set_watermark(Time watermark, bool idle) {
  if (watermark <= watermark_ && idle == idle_) return;
  watermark_ = std::max(watermark, watermark_);
  idle_ = idle;
  watermark_unsent_ = true;
}

void Sender::push_barrier(std::uint64_t checkpoint) {
  LEAT_ASSERT(barrier_ == 0);
  barrier_ = checkpoint;
  before_barrier_ = pending_.size();
  barrier_watermark_ = watermark_;
  barrier_idle_ = idle_;
}

void Sender::on_ready(std::uint64_t rows_limit, std::uint64_t bytes_limit) {
  if (state_ == State::connecting) {
    state_ = State::open;
    window_rows_ = rows_limit;
  }
  on_credit(rows_limit, bytes_limit);
}

void Sender::on_credit(std::uint64_t rows_limit, std::uint64_t bytes_limit) {
  credit_.grant(rows_limit, bytes_limit);
  if (rows_limit > window_rows_ + metrics_->rows_confirmed.get())
    metrics_->rows_confirmed.set(std::min(rows_limit - window_rows_, credit_.rows_sent()));
}

void Sender::on_fin_ack() {
  state_ = State::closed;
  metrics_->rows_confirmed.set(credit_.rows_sent());
}

std::optional<Message> Sender::next(Instant now, bool flush) {
  if (state_ != State::open) return std::nullopt;
  if (barrier_ != 0 && before_barrier_ == 0) {
    std::optional<Message> message = message_of(MessageKind::barrier);
    message->checkpoint = std::exchange(barrier_, 0);
    message->watermark = barrier_watermark_;
    message->idle = barrier_idle_;
    return message;
  }
  if (!pending_.empty()) {
    if (!credit_.may_send()) return std::nullopt;
    const bool due = flush || finish_wanted_ || barrier_ != 0 || rows_waiting_ >= limits_.batch_rows ||
                     now - waiting_since_ >= limits_.linger;
    if (!due) return std::nullopt;
    Batch batch = gather();
    waiting_since_ = now;
    waiting_changed();
    return data(std::move(batch));
  }
  if (watermark_unsent_ && (flush || finish_wanted_)) return data({});
  if (finish_wanted_) {
    state_ = State::finishing;
    return message_of(MessageKind::fin);
  }
  return std::nullopt;
}

Message Sender::message_of(MessageKind kind) {
  return {.kind = kind,
          .channel = id_,
          .epoch = epoch_,
          .sequence = sequence_++,
          .rows_total = credit_.rows_sent(),
          .bytes_total = credit_.bytes_sent()};
}

Message Sender::data(Batch batch) {
  metrics_->rows_sent.add(batch.row_count());
  metrics_->batches_sent.add(1);
  metrics_->bytes_sent.add(batch.byte_size());
  Message message = message_of(MessageKind::data);
  credit_.spend(batch.row_count(), batch.byte_size());
  // A watermark speaks for everything pushed before it, so it travels with the last of the waiting rows only.
  if (pending_.empty()) {
    watermark_unsent_ = false;
    message.watermark = watermark_;
    message.idle = idle_;
  }
  message.batch = std::move(batch);
  return message;
}

// Small batches travel together; one that is large enough goes alone, uncopied.
Batch Sender::gather() {
  std::uint64_t rows = pending_.front().row_count();
  std::size_t count = 1;
  const std::size_t most = barrier_ != 0 ? before_barrier_ : pending_.size();
  while (count < most && rows + pending_[count].row_count() <= limits_.batch_rows)
    rows += pending_[count++].row_count();
  Batch batch;
  if (count == 1) {
    batch = std::move(pending_.front());
    pending_.pop_front();
  } else {
    const std::vector<Batch> parts(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
    batch = concat(parts);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  }
  before_barrier_ -= std::min(before_barrier_, count);
  rows_waiting_ -= batch.row_count();
  bytes_waiting_ -= std::min<std::uint64_t>(bytes_waiting_, batch.byte_size());
  if (pending_.empty()) bytes_waiting_ = 0;  // concatenation may change padding
  return batch;
}

void Sender::waiting_changed() {
  metrics_->rows_waiting.set(rows_waiting_);
  metrics_->bytes_waiting.set(bytes_waiting_);
}

}  // namespace leat
