#pragma once

#include "control/coordinator.hpp"
#include "control/host_control.hpp"
#include "sim/sim_disk.hpp"
#include "sim/sim_network.hpp"
#include "testing/fake_clock.hpp"

namespace leat::sim {

/// What all processes of a simulation share.
struct World {
  explicit World(std::uint64_t seed) : random(seed), network(random) {}
  Random random;
  FakeClock clock{Time(std::chrono::seconds(1'700'000'000))};
  SimNetwork network;
  std::deque<SimDisk> disks;  ///< by host
  const Topology* topology = nullptr;
  const Plan* plan = nullptr;
  std::vector<std::string> hosts;
  std::vector<std::string> trace;
  std::vector<std::string> violations;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>
      builders;  ///< incarnation by epoch and host
  std::uint64_t epochs = 0, checkpoints = 0;

  void say(std::string line);
  std::uint32_t host_of_worker(std::uint32_t worker) const;
};

class SimCrew;

/// One process of the topology: the real HostControl, the real workers, and on host 0 the real Coordinator,
/// stepped by the simulation.
class SimProcess final : public WorkerObserver {
 public:
  /// `again`: a supervisor starts it after its death, not the user.
  SimProcess(World& world, std::uint32_t host, std::uint64_t incarnation, bool again);
  ~SimProcess() override;

  bool step();
  /// It has nothing to do before; kTimeMax: for ever.
  Time next_time() const;
  bool exited() const;
  void stop() { control_->stop(); }

  bool take(SimNetwork::Rows& rows);
  void take(const SimNetwork::Control& control);
  Coordinator* coordinator() { return coordinator_ ? &*coordinator_ : nullptr; }
  std::uint64_t incarnation() const { return incarnation_; }
  std::uint32_t epoch() const { return control_->epoch(); }

  // WorkerObserver
  void failed(const std::string& actor, Error error) override;
  void log(LogLevel, const std::string&, std::string) override {}
  void drain_requested() override {}

 private:
  void send_control();

  World& world_;
  std::uint32_t host_;
  std::uint64_t incarnation_;
  std::optional<Coordinator> coordinator_;
  SimCrew* crew_ = nullptr;  // control_ owns it
  std::unique_ptr<HostControl> control_;
  friend class SimCrew;
};

}  // namespace leat::sim
