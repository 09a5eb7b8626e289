#include "control/participant.hpp"

#include <utility>

namespace leat {

Participant::Participant(std::uint32_t host, std::uint64_t incarnation, std::uint64_t plan,
                         ParticipantHost& workers, Instant now)
    : host_(host), incarnation_(incarnation), plan_(plan), workers_(&workers), next_hello_(now) {}

ControlMessage& Participant::say(ControlKind kind) {
  messages_.push_back(
      {.kind = kind, .host = host_, .incarnation = incarnation_, .plan = plan_, .epoch = epoch_});
  return messages_.back();
}

// The heartbeat, and whatever the coordinator may have missed that it does not ask for.
void Participant::on_time(Instant now) {
  if (now < next_hello_) return;
  next_hello_ = now + kHelloEvery;
  say(ControlKind::hello);
  if (quiet_) say(ControlKind::quiet);
  if (stop_wanted_) say(ControlKind::stop);
  if (!broken_.empty()) say(ControlKind::broken).text = broken_;
  if (!failed_.empty()) say(ControlKind::failed).text = failed_;
}

void Participant::on_message(const ControlMessage& message) {
  if (message.incarnation != incarnation_) {  // meant for a dead one: say who is here
    if (message.kind == ControlKind::start) say(ControlKind::hello);
    return;
  }
  // Of an attempt before this one it is old news;
  // of one after it, whose start was never heard, it is the end.
  const bool over = message.kind == ControlKind::give_up ||
                    (message.kind == ControlKind::release && message.epoch >= epoch_);
  if (over) say(ControlKind::released);
  if (ended_) return;
  if (message.kind == ControlKind::start) return start(message);
  if (over) {
    ended_ = true;
    return message.kind == ControlKind::release ? workers_->release() : workers_->give_up(message.text);
  }
  if (message.epoch != epoch_ || !built_) return;
  switch (message.kind) {
    case ControlKind::go:
      if (!std::exchange(gone_, true)) workers_->go();
      return;
    case ControlKind::barrier:
      if (!std::exchange(gone_, true)) workers_->go();  // `go` was lost
      if (saved_ == message.checkpoint)
        saved(epoch_, saved_, snapshot_);
      else if (message.checkpoint >= begun_)  // the same again: the disk may have room now
        workers_->checkpoint(begun_ = message.checkpoint, message.last, message.text);
      return;
    case ControlKind::commit:
      if (committed_ == message.checkpoint)
        committed(epoch_, committed_);
      else if (message.checkpoint > committing_)
        workers_->commit(committing_ = message.checkpoint);
      return;
    default:
      return;
  }
}

void Participant::start(const ControlMessage& message) {
  if (message.epoch < epoch_) return;
  if (message.epoch == epoch_) {
    if (built_) say(ControlKind::ready);
    return;
  }
  epoch_ = message.epoch;
  built_ = gone_ = quiet_ = false;
  broken_.clear();
  begun_ = saved_ = committing_ = committed_ = message.checkpoint;
  workers_->build(message.epoch, message.checkpoint, message.snapshots);
}

void Participant::built(std::uint32_t epoch) {
  if (epoch != epoch_) return;
  built_ = true;
  say(ControlKind::ready);
}

void Participant::saved(std::uint32_t epoch, std::uint64_t checkpoint, SnapshotRef snapshot) {
  if (epoch != epoch_) return;
  saved_ = checkpoint;
  snapshot_ = std::move(snapshot);
  ControlMessage& message = say(ControlKind::saved);
  message.checkpoint = checkpoint;
  message.snapshots = {snapshot_};
}

void Participant::committed(std::uint32_t epoch, std::uint64_t checkpoint) {
  if (epoch != epoch_) return;
  committed_ = checkpoint;
  say(ControlKind::committed).checkpoint = checkpoint;
}

void Participant::quiet(std::uint32_t epoch) {
  if (epoch != epoch_) return;
  quiet_ = true;
  say(ControlKind::quiet);
}

void Participant::broken(std::uint32_t epoch, std::string why) {
  if (epoch != epoch_ || !broken_.empty()) return;
  broken_ = std::move(why);
  say(ControlKind::broken).text = broken_;
}

void Participant::failed(std::uint32_t epoch, std::string why) {
  if (epoch != epoch_) return;
  failed_ = std::move(why);
  say(ControlKind::failed).text = failed_;
}

}  // namespace leat
