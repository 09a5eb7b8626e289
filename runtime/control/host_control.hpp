#pragma once

#include "control/host_report.hpp"
#include "control/participant.hpp"
#include "state/dealing.hpp"
#include "state/manifest.hpp"
#include "state/snapshot.hpp"

namespace leat {

/// The workers of one host in one attempt; destroying it ends them. Threads in production, steps in the
/// simulator.
class Crew {
 public:
  virtual ~Crew() = default;
  virtual void go() = 0;
  virtual void checkpoint(std::uint64_t number, bool last) = 0;
  virtual void commit(std::uint64_t number) = 0;
  virtual void release() = 0;
};

/// One process's side of the delivery protocol: a Participant with its disk and its workers. No sockets, no
/// clock; one thread, which may wait for the disk.
class HostControl final : public ParticipantHost {
 public:
  struct Setup {
    const Topology* topology = nullptr;
    const Plan* plan = nullptr;
    std::string host;          ///< name in the plan; empty: everything runs here
    std::uint32_t number = 0;  ///< among the hosts
    std::uint64_t incarnation = 0;
    SnapshotStore* store = nullptr;
    WorkerObserver* observer = nullptr;
    std::function<void()> wake;  ///< any thread: there is something to do
    /// Makes workers with the states of their instances (empty: from nothing). May fail: files, sockets.
    std::function<Result<std::unique_ptr<Crew>>(std::uint32_t epoch, RestoredStates restored,
                                                WorkerObserver& observer)>
        make_crew;
  };
  HostControl(Setup setup, Instant now);
  ~HostControl() override;

  void on_message(const ControlMessage& message) { participant_.on_message(message); }
  /// What the workers have done, heartbeats.
  void run(Instant now);
  Instant next_time() const { return participant_.next_time(); }
  std::vector<ControlMessage> take_messages() { return participant_.take_messages(); }
  void stop() { participant_.stop(); }

  std::uint32_t epoch() const { return participant_.epoch(); }
  /// Nothing more is expected of this process.
  bool ended() const { return participant_.ended(); }
  /// Why the topology was given up; empty: it was not.
  const std::string& gave_up() const { return gave_up_; }

  // ParticipantHost
  void build(std::uint32_t epoch, std::uint64_t checkpoint,
             const std::vector<SnapshotRef>& snapshots) override;
  void go() override { crew_->go(); }
  void checkpoint(std::uint64_t number, bool last, const std::string& keep_as) override;
  void commit(std::uint64_t number) override;
  void release() override;
  void give_up(const std::string& text) override;

 private:
  std::vector<WantedCell> cells(bool here) const;
  Result<std::map<CellName, CellState>> load_parts(const std::vector<SnapshotRef>& snapshots);
  Result<RestoredStates> restore(const std::vector<SnapshotRef>& snapshots);
  std::string encode(std::map<std::size_t, CellState> states) const;
  void handle(HostReport::Event event);
  void save();

  Setup setup_;
  Participant participant_;
  std::unique_ptr<HostReport> report_;
  std::unique_ptr<Crew> crew_;
  std::uint64_t unsaved_ = 0;  // checkpoint whose bytes wait for the disk; 0: none
  std::string bytes_;
  bool short_of_room_ = false;  // which was said
  std::string keep_as_;         // a name for it
  std::string snapshot_;        // name of the one saved last
  std::string gave_up_;
};

}  // namespace leat
