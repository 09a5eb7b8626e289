#include "control/coordinator.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

// A participant that has gone does not answer; nobody needs it any more.
constexpr Duration kReleaseFor = std::chrono::seconds(2);

}  // namespace

Coordinator::Coordinator(Options options, ManifestStore& store, std::optional<Manifest> from,
                         std::uint32_t epoch, Instant now)
    : options_(std::move(options)),
      store_(&store),
      manifest_(std::move(from)),
      participants_(options_.hosts.size()),
      epoch_(epoch),
      next_repeat_(now + options_.repeat),
      next_checkpoint_(Instant::max()) {
  if (manifest_) checkpoint_ = manifest_->checkpoint;
  if (!manifest_ || !manifest_->over) return;
  if (options_.again) {
    epoch_ = manifest_->epoch;
    phase_ = Phase::releasing;
    release_until_ = now + kReleaseFor;
  } else {
    over_ = manifest_->epoch;
    manifest_.reset();
  }
}

std::vector<ControlMessage> Coordinator::take_messages() {
  return std::exchange(messages_, {});
}

std::vector<std::string> Coordinator::missing() const {
  std::vector<std::string> names;
  for (std::size_t host = 0; host < participants_.size(); ++host)
    if (participants_[host].incarnation == 0) names.push_back(options_.hosts[host]);
  return names;
}

bool Coordinator::all_answered() const {
  return std::ranges::all_of(participants_, &Participant::answered);
}

void Coordinator::enter(Phase phase, Instant now) {
  phase_ = phase;
  for (Participant& participant : participants_) participant.answered = false;
  next_repeat_ = now + options_.repeat;
  ask_all();
}

void Coordinator::ask_all() {
  for (std::uint32_t host = 0; host < participants_.size(); ++host)
    if (!participants_[host].answered) ask(host);
}

// What this phase wants of a participant; saying it again does no harm.
void Coordinator::ask(std::uint32_t host) {
  const Participant& participant = participants_[host];
  ControlMessage message{
      .host = host, .incarnation = participant.incarnation, .epoch = epoch_, .checkpoint = checkpoint_};
  switch (phase_) {
    case Phase::gathering:
    case Phase::done:
      return;
    case Phase::starting:
      message.kind = ControlKind::start;
      message.checkpoint = manifest_ ? manifest_->checkpoint : 0;
      if (manifest_) message.snapshots = manifest_->snapshots;
      break;
    case Phase::running:
      message.kind = ControlKind::go;
      break;
    case Phase::saving:
      message.kind = ControlKind::barrier;
      message.last = last_;
      message.text = naming_;
      break;
    case Phase::committing:
      message.kind = ControlKind::commit;
      break;
    case Phase::releasing:
      message.kind = gave_up_.empty() ? ControlKind::release : ControlKind::give_up;
      message.text = gave_up_;
      break;
  }
  messages_.push_back(std::move(message));
}

void Coordinator::on_message(const ControlMessage& message, Instant now) {
  if (message.host >= participants_.size() || phase_ == Phase::done) return;
  if (message.kind == ControlKind::hello) return hear(message, now);
  Participant& participant = participants_[message.host];
  if (message.kind == ControlKind::stop) {
    stop_wanted_ = true;
    if (phase_ == Phase::gathering) {  // nothing has begun that could be kept
      release_until_ = now + kReleaseFor;
      enter(Phase::releasing, now);
    }
    return;
  }
  if (message.kind == ControlKind::released) {
    // One that has died since may have sent it, and who came after it still waits.
    if (phase_ == Phase::releasing && message.incarnation == participant.incarnation)
      answer(participant, now);
    return;
  }
  if (message.epoch != epoch_ || phase_ == Phase::gathering) return;  // of an attempt that is over
  participant.heard = now;
  switch (message.kind) {
    case ControlKind::ready:
      if (phase_ == Phase::starting && message.incarnation == participant.incarnation)
        answer(participant, now);
      return;
    case ControlKind::saved:
      if (phase_ != Phase::saving || message.checkpoint != checkpoint_ || message.snapshots.size() != 1)
        return;
      participant.snapshot = message.snapshots.front();
      return answer(participant, now);
    case ControlKind::committed:
      if (phase_ == Phase::committing && message.checkpoint == checkpoint_) answer(participant, now);
      return;
    case ControlKind::quiet:
      participant.quiet = true;
      next_checkpoint_ = std::min(next_checkpoint_, now);
      return;
    case ControlKind::broken:
      if (phase_ != Phase::releasing)
        gather(fmt::format("{}: {}", options_.hosts[message.host], message.text), now);
      return;
    case ControlKind::failed:
      return give_up(message.text, now);
    default:
      return;
  }
}

// Who has started again knows nothing of the attempt: it is over. Bound to the incarnation, or a process
// could join an attempt that its dead self had joined.
void Coordinator::hear(const ControlMessage& message, Instant now) {
  if (message.plan != options_.plan) {
    messages_.push_back(
        {.kind = ControlKind::give_up,
         .host = message.host,
         .incarnation = message.incarnation,
         .epoch = message.epoch,
         .text = "it runs another version of this topology; start all hosts from the same file"});
    return;
  }
  if (over_ != 0 && message.epoch == over_) {  // it missed the end
    messages_.push_back({.kind = ControlKind::release,
                         .host = message.host,
                         .incarnation = message.incarnation,
                         .epoch = over_});
    return;
  }
  Participant& participant = participants_[message.host];
  participant.heard = now;
  if (participant.incarnation == message.incarnation) return;
  const bool again = participant.incarnation != 0;
  participant.incarnation = message.incarnation;
  if (phase_ == Phase::releasing) {
    participant.answered = false;
    return ask(message.host);
  }
  if (again && phase_ != Phase::gathering)
    return gather(fmt::format("{} was started again", options_.hosts[message.host]), now);
  if (phase_ == Phase::gathering && missing().empty()) begin_attempt(now);
}

// Back to the last complete checkpoint, with those who are alive.
void Coordinator::gather(std::string reason, Instant now) {
  if (!naming_.empty() && wanted_.empty()) wanted_ = std::exchange(naming_, {});
  reason_ = std::move(reason);
  phase_ = Phase::gathering;
  next_checkpoint_ = Instant::max();
  for (Participant& participant : participants_)
    if (now - participant.heard > options_.silence) participant.incarnation = 0;
  if (missing().empty()) begin_attempt(now);
}

void Coordinator::begin_attempt(Instant now) {
  if (!keep(store_->save_epoch(epoch_ + 1), now)) return;
  ++epoch_;
  checkpoint_ = manifest_ ? manifest_->checkpoint : checkpoint_;
  for (Participant& participant : participants_) {
    participant.quiet = false;
    participant.heard = now;
  }
  enter(Phase::starting, now);
}

void Coordinator::begin_checkpoint(bool last, Instant now) {
  ++checkpoint_;
  last_ = last;
  naming_ = std::exchange(wanted_, {});
  next_checkpoint_ = Instant::max();
  enter(Phase::saving, now);
}

// The manifest on disk is the only commit point.
void Coordinator::complete_checkpoint(Instant now) {
  Manifest manifest{.topology = options_.topology,
                    .epoch = epoch_,
                    .checkpoint = checkpoint_,
                    .ended = last_ && std::ranges::all_of(participants_, &Participant::quiet)};
  for (const Participant& participant : participants_) manifest.snapshots.push_back(participant.snapshot);
  if (!naming_.empty()) {
    if (Status kept = store_->keep(manifest, naming_); !kept)
      named_ = Failure(std::move(kept).error());
    else
      named_ = checkpoint_;
    naming_.clear();
  }
  if (!keep(store_->save(manifest), now)) return;
  manifest_ = std::move(manifest);
  enter(Phase::committing, now);
}

// Everyone has committed it.
void Coordinator::finish_checkpoint(Instant now) {
  if (!last_) {
    next_checkpoint_ = now + options_.every;
    return enter(Phase::running, now);
  }
  manifest_->over = manifest_->ended;
  if (!keep(store_->save(*manifest_), now)) return;
  release_until_ = now + kReleaseFor;
  enter(Phase::releasing, now);
}

// Whether the disk has it. A full one is waited for: nothing is lost meanwhile, and nothing goes on.
bool Coordinator::keep(const Status& saved, Instant now) {
  if (!saved && saved.error().code != Code::storage_full)
    give_up(saved.error().text(), now);
  else if (!std::exchange(short_of_room_, !saved) && !saved)
    shortage_ = saved.error().text();
  return saved.has_value();
}

void Coordinator::answer(Participant& participant, Instant now) {
  if (participant.answered) return;
  participant.answered = true;
  if (!all_answered()) return;
  switch (phase_) {
    case Phase::starting:
      next_checkpoint_ = now + options_.every;
      // Nobody answers `go`; who has not heard it will when the next barrier is due.
      return enter(Phase::running, now);
    case Phase::saving:
      return complete_checkpoint(now);
    case Phase::committing:
      return finish_checkpoint(now);
    case Phase::releasing:
      phase_ = Phase::done;
      return;
    default:
      return;
  }
}

void Coordinator::give_up(const std::string& text, Instant now) {
  gave_up_ = text;
  release_until_ = now + kReleaseFor;
  enter(Phase::releasing, now);
}

void Coordinator::on_time(Instant now) {
  if (phase_ == Phase::done) return;
  if (phase_ == Phase::releasing && now >= release_until_) {
    phase_ = Phase::done;
    return;
  }
  if (phase_ != Phase::gathering && phase_ != Phase::releasing)
    for (std::size_t host = 0; host < participants_.size(); ++host)
      if (now - participants_[host].heard > options_.silence)
        return gather(fmt::format("{} was silent for {} ms", options_.hosts[host],
                                  options_.silence / std::chrono::milliseconds(1)),
                      now);
  if (phase_ == Phase::running) {
    const bool all_quiet = std::ranges::all_of(participants_, &Participant::quiet);
    if (stop_wanted_ || all_quiet) return begin_checkpoint(true, now);
    if (now >= next_checkpoint_ || !wanted_.empty()) return begin_checkpoint(false, now);
  }
  if (now < next_repeat_) return;
  next_repeat_ = now + options_.repeat;
  if (phase_ == Phase::gathering && missing().empty()) return begin_attempt(now);
  if (phase_ == Phase::saving && all_answered()) return complete_checkpoint(now);
  if (phase_ == Phase::committing && all_answered()) return finish_checkpoint(now);
  ask_all();
}

std::optional<Instant> Coordinator::next_time() const {
  if (phase_ == Phase::done) return std::nullopt;
  Instant next = next_repeat_;
  if (phase_ == Phase::running)
    next = std::min(next, stop_wanted_ || !wanted_.empty() ? Instant() : next_checkpoint_);
  if (phase_ == Phase::releasing) next = std::min(next, release_until_);
  return next;
}

}  // namespace leat
