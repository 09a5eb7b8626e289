#pragma once

#include <leat/clock.hpp>

#include "control/control_message.hpp"
#include "state/manifest.hpp"

namespace leat {

/// Decides when an attempt (epoch) begins, when checkpoints are made, and when everything is over. One per
/// topology. A state machine without sockets, files or clock:
///
///   gathering --hello of all--> starting --ready of all--> running <--> saving --> committing
///        ^                                                                |
///        '---- a new incarnation, silence, lost rows ---------------------'      ... --> releasing --> done
///
/// After Chandy and Lamport (1985) in Flink's form (Carbone et al., 2015), with one incarnation per process
/// and attempt (reliability.md, section 7).
class Coordinator {
 public:
  struct Options {
    std::string topology;
    std::vector<std::string> hosts;                    ///< in plan order
    std::uint64_t plan = 0;                            ///< fingerprint
    Duration every = std::chrono::seconds(1);          ///< between two checkpoints
    Duration silence = std::chrono::seconds(3);        ///< a participant not heard for so long is dead
    Duration repeat = std::chrono::milliseconds(200);  ///< what was not answered is said again
    bool again = false;  ///< started after a crash: a run that is over stays so, instead of beginning anew
  };
  enum class Phase : std::uint8_t { gathering, starting, running, saving, committing, releasing, done };

  /// `from`: the checkpoint to go on from. `epoch`: the last one that was used.
  Coordinator(Options options, ManifestStore& store, std::optional<Manifest> from, std::uint32_t epoch,
              Instant now);

  void on_message(const ControlMessage& message, Instant now);
  void on_time(Instant now);
  std::optional<Instant> next_time() const;
  /// What to send, and forgets it; `host` says to whom.
  std::vector<ControlMessage> take_messages();

  /// Makes a checkpoint soon and keeps it under this name.
  void snapshot(std::string name) { wanted_ = std::move(name); }
  /// What became of it, once: its number.
  std::optional<Result<std::uint64_t>> take_snapshot() { return std::exchange(named_, std::nullopt); }

  Phase phase() const { return phase_; }
  bool done() const { return phase_ == Phase::done; }
  std::uint32_t epoch() const { return epoch_; }
  const std::optional<Manifest>& manifest() const { return manifest_; }
  /// Hosts not heard yet, while gathering.
  std::vector<std::string> missing() const;
  /// Why the last attempt ended; once: for the log.
  std::optional<std::string> take_reason() { return std::exchange(reason_, std::nullopt); }
  /// That the disk has no room for a manifest or an epoch, and that this is waited for; once.
  std::optional<std::string> take_shortage() { return std::exchange(shortage_, std::nullopt); }

 private:
  struct Participant {
    std::uint64_t incarnation = 0;  // 0: not heard
    Instant heard{};
    bool answered = false;  // what this phase asked
    bool quiet = false;
    SnapshotRef snapshot;  // of the checkpoint being made
  };

  void hear(const ControlMessage& message, Instant now);
  void enter(Phase phase, Instant now);
  void gather(std::string reason, Instant now);
  void begin_attempt(Instant now);
  void begin_checkpoint(bool last, Instant now);
  void complete_checkpoint(Instant now);
  void finish_checkpoint(Instant now);
  bool keep(const Status& saved, Instant now);
  void answer(Participant& participant, Instant now);
  void give_up(const std::string& text, Instant now);
  void ask(std::uint32_t host);
  void ask_all();
  bool all_answered() const;

  Options options_;
  ManifestStore* store_;
  std::optional<Manifest> manifest_;
  std::vector<Participant> participants_;
  std::vector<ControlMessage> messages_;
  Phase phase_ = Phase::gathering;
  std::uint32_t epoch_;
  std::uint32_t over_ = 0;  // the epoch of a run that ended before this one began
  std::uint64_t checkpoint_ = 0;
  bool last_ = false;  // the checkpoint being made is
  bool stop_wanted_ = false;
  std::string wanted_, naming_;  // a snapshot's name: asked for, being made
  std::optional<Result<std::uint64_t>> named_;
  std::string gave_up_;
  Instant next_repeat_;
  Instant next_checkpoint_;
  Instant release_until_{};
  std::optional<std::string> reason_;
  bool short_of_room_ = false;
  std::optional<std::string> shortage_;
};

}  // namespace leat
