#pragma once

#include <leat/clock.hpp>
#include <utility>
#include <vector>

#include "control/control_message.hpp"

namespace leat {

/// The workers of one host, as its participant drives them. Nothing here blocks for long: what takes time is
/// answered later, with the epoch it was asked in.
class ParticipantHost {
 public:
  virtual ~ParticipantHost() = default;
  /// Ends the workers of the attempt before, if any, and makes new ones from the checkpoint (0: from
  /// nothing). Answer: Participant::built.
  virtual void build(std::uint32_t epoch, std::uint64_t checkpoint,
                     const std::vector<SnapshotRef>& snapshots) = 0;
  virtual void go() = 0;
  /// Answer: Participant::saved. Said again as long as it is not answered.
  /// `keep_as`: a name to keep it under; empty: none.
  virtual void checkpoint(std::uint64_t number, bool last, const std::string& keep_as) = 0;
  /// Answer: Participant::committed.
  virtual void commit(std::uint64_t number) = 0;
  virtual void release() = 0;
  virtual void give_up(const std::string& text) = 0;
};

/// One process of a topology: does what the coordinator says, once, however often it is said. A state machine
/// without sockets, files or clock.
class Participant {
 public:
  static constexpr Duration kHelloEvery = std::chrono::milliseconds(500);

  /// `incarnation`: of this process, never 0 and never used before.
  Participant(std::uint32_t host, std::uint64_t incarnation, std::uint64_t plan, ParticipantHost& workers,
              Instant now);

  void on_message(const ControlMessage& message);
  void on_time(Instant now);
  Instant next_time() const { return next_hello_; }
  std::vector<ControlMessage> take_messages() { return std::exchange(messages_, {}); }

  // What the workers have done; of another epoch than the current: ignored.
  void built(std::uint32_t epoch);
  void saved(std::uint32_t epoch, std::uint64_t checkpoint, SnapshotRef snapshot);
  void committed(std::uint32_t epoch, std::uint64_t checkpoint);
  void quiet(std::uint32_t epoch);
  void broken(std::uint32_t epoch, std::string why);
  void failed(std::uint32_t epoch, std::string why);
  /// The user wants the topology to stop.
  void stop() { stop_wanted_ = true, say(ControlKind::stop); }

  std::uint32_t epoch() const { return epoch_; }
  bool ended() const { return ended_; }

 private:
  void start(const ControlMessage& message);
  ControlMessage& say(ControlKind kind);

  std::uint32_t host_;
  std::uint64_t incarnation_;
  std::uint64_t plan_;
  ParticipantHost* workers_;
  std::vector<ControlMessage> messages_;
  Instant next_hello_;
  std::uint32_t epoch_ = 0;
  bool built_ = false, gone_ = false, quiet_ = false, ended_ = false;
  bool stop_wanted_ = false;
  std::string broken_, failed_;
  std::uint64_t begun_ = 0, saved_ = 0, committing_ = 0, committed_ = 0;  // checkpoints
  SnapshotRef snapshot_;                                                  // of `saved_`
};

}  // namespace leat
