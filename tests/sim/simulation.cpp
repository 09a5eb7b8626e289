#include "sim/simulation.hpp"

#include <fmt/format.h>

#include "sim/sim_kinds.hpp"
#include "sim/sim_process.hpp"
#include "topology/loader.hpp"

namespace leat::sim {
namespace {

// Virtual times.
constexpr Duration kFaultsFor = std::chrono::milliseconds(600);
constexpr Duration kLimit = std::chrono::seconds(60);  // from the last fault to the end: else nothing moves
constexpr int kStepsMax = 2'000'000;

Registry& registry() {
  thread_local Registry kinds = [] {
    Registry all;
    register_standard_actors(all);
    register_sim_kinds(all);
    return all;
  }();
  return kinds;
}

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options) : options_(options), world_(options.seed) {}

  SimulationResult run() {
    outside() = &outside_;
    outside_.clock = &world_.clock;
    made_ = random_topology(world_.random);
    result_.topology = made_.yaml;
    Diagnostics diagnostics;
    topology_ = load_topology_text(made_.yaml, "sim.yaml", registry(), diagnostics);
    if (!topology_) {
      world_.violations.push_back("the topology is wrong: " + render(diagnostics, false));
      return finish();
    }
    plan_ = make_plan(*topology_, true);
    prepare();
    faults_until_ = world_.clock.now() + kFaultsFor;
    for (int step = 0; step < kStepsMax && !over(); ++step) turn();
    check_results();
    return finish();
  }

 private:
  struct Host {
    std::unique_ptr<SimProcess> process;
    Time start = kTimeMin;  // when it is (re)started
    Time paused_until = kTimeMin;
    Time cut_until = kTimeMin;
    Time full_until = kTimeMin;
    bool exited = false;
    bool again = false;
  };

  void prepare() {
    world_.topology = &*topology_;
    world_.plan = &plan_;
    for (const std::string& host : made_.hosts)
      if (std::ranges::find(plan_.workers, host, &WorkerPlan::host) != plan_.workers.end())
        world_.hosts.push_back(host);
    hosts_.resize(world_.hosts.size());
    world_.disks.resize(world_.hosts.size());
    world_.network.cut_off.assign(world_.hosts.size(), false);
    if (options_.faults) {
      world_.network.faults = {.cut = chance(world_.random, 0.5) ? 0.002 : 0,
                               .drop = 0.2 * static_cast<double>(pick(world_.random, 2)),
                               .repeat = 0.1,
                               .late = 0.1 * static_cast<double>(pick(world_.random, 4)),
                               .delay_max = Duration(100 << pick(world_.random, 7))};
      kill_ = 0.0004 * static_cast<double>(pick(world_.random, 4));
      pause_ = 0.0002 * static_cast<double>(pick(world_.random, 3));
      cut_ = 0.0002 * static_cast<double>(pick(world_.random, 3));
      full_ = 0.0002 * static_cast<double>(pick(world_.random, 2));
      stop_ = chance(world_.random, 0.2) ? 0.0005 : 0;
    }
    add_mutant();
  }

  void add_mutant() {
    const std::string& mutant = options_.mutant;
    SimNetwork& network = world_.network;
    if (mutant == "visible_at_barrier") outside_.visible_at_barrier = true;
    if (mutant == "acknowledged_early") outside_.acknowledges_early = true;
    if (mutant == "manifest_not_durable")
      for (SimDisk& disk : world_.disks) disk.forgets = true;
    if (mutant == "epoch_not_checked_on_rows")
      network.change_rows = [this](Message& message, std::uint32_t to) {
        if (const auto& process = hosts_[world_.host_of_worker(to)].process) message.epoch = process->epoch();
      };
    if (mutant == "epoch_not_checked_on_saved")
      network.change_control = [this](ControlMessage& message, std::uint32_t) {
        Coordinator* coordinator = hosts_[0].process ? hosts_[0].process->coordinator() : nullptr;
        if (coordinator != nullptr && message.kind == ControlKind::saved)
          message.epoch = coordinator->epoch();
      };
    if (mutant == "start_not_bound_to_incarnation")
      network.change_control = [this](ControlMessage& message, std::uint32_t to) {
        if (to < hosts_.size() && hosts_[to].process) message.incarnation = hosts_[to].process->incarnation();
        // A hello of a new incarnation must not end the attempt either.
        if (to == SimNetwork::kCoordinator) message.incarnation = 1 + message.host;
      };
    if (mutant == "saved_before_durable")
      for (SimDisk& disk : world_.disks) disk.forgets_snapshots = true;
    if (mutant == "lost_rows_not_noticed")
      network.change_rows = [this](Message& message, std::uint32_t) {
        const bool counted = message.kind == MessageKind::data || message.kind == MessageKind::barrier ||
                             message.kind == MessageKind::fin;
        if (counted) message.sequence = sequences_[{message.channel, message.epoch}]++;
      };
    if (mutant == "barrier_overtakes_rows")
      network.change_rows = [this](Message& message, std::uint32_t) {
        // The barrier is said one message too early, with a row that belongs behind it.
        auto& late = held_back_[{message.channel, message.epoch}];
        if (message.kind == MessageKind::data && !late && !message.batch.empty()) {
          late = std::move(message.batch);
          message.batch = {};
        } else if (message.kind == MessageKind::data && late &&
                   after_barrier_[{message.channel, message.epoch}]) {
          const Batch parts[] = {*late, message.batch};
          message.batch = message.batch.empty() ? *late : concat(parts);
          late.reset();
          after_barrier_[{message.channel, message.epoch}] = false;
        } else if (message.kind == MessageKind::barrier) {
          after_barrier_[{message.channel, message.epoch}] = true;
        }
      };
  }

  bool is_over() const {
    const auto& manifest = world_.disks[0].manifest();
    return manifest && manifest->over;
  }

  bool over() const {
    return !world_.violations.empty() || !outside_.violations.empty() ||
           std::ranges::all_of(hosts_, &Host::exited);
  }

  void turn() {
    const Time now = world_.clock.now();
    if (now < faults_until_ && options_.faults) inject();
    if (now >= faults_until_ && world_.network.faults.cut + world_.network.faults.drop > 0)
      world_.network.faults = {.delay_max = world_.network.faults.delay_max};
    bool worked = world_.network.deliver(
        now,
        [&](SimNetwork::Rows& rows) {
          const Host& host = hosts_[rows.to_host];
          return host.process != nullptr && host.process->take(rows);
        },
        [&](const SimNetwork::Control& control) {
          const Host& host = hosts_[control.to_host];
          if (host.process) host.process->take(control);
        });
    const std::size_t first = pick(world_.random, hosts_.size());
    for (std::size_t at = 0; at < hosts_.size(); ++at) worked |= step((first + at) % hosts_.size());
    check_invariants();
    if (!worked)
      advance();
    else
      world_.clock.advance(Duration(pick(world_.random, 50)));
    if (world_.clock.now() > std::max(faults_until_, latest_fault_) + kLimit)
      world_.violations.push_back("nothing moves any more: " + standing());
  }

  bool step(std::size_t at) {
    Host& host = hosts_[at];
    const Time now = world_.clock.now();
    world_.network.cut_off[at] = now < host.cut_until;
    world_.disks[at].full = now < host.full_until;
    if (!host.process && !host.exited && !host.again && is_over()) host.exited = true;
    if (!host.process && !host.exited && now >= host.start) {
      const std::uint64_t incarnation = ++incarnations_;
      world_.say(fmt::format("{} starts as incarnation {}", world_.hosts[at], incarnation));
      host.process =
          std::make_unique<SimProcess>(world_, static_cast<std::uint32_t>(at), incarnation, host.again);
    }
    if (!host.process || now < host.paused_until) return false;
    const bool worked = host.process->step();
    if (host.process->exited()) {
      world_.say(world_.hosts[at] + " exits");
      host.process.reset();
      // After a stop by the user, the user starts it again, unless there is nothing left to do.
      host.exited = !stopping_;
      host.again = false;
      host.start = now + Duration(pick(world_.random, 3'000'000));
      latest_fault_ = std::max(latest_fault_, host.start);
    }
    return worked;
  }

  void advance() {
    Time next = world_.network.next();
    for (const Host& host : hosts_) {
      if (!host.process && !host.exited) next = std::min(next, host.start);
      if (host.process) next = std::min(next, std::max(host.process->next_time(), host.paused_until));
    }
    const Duration step =
        std::clamp<Duration>(next - world_.clock.now(), Duration(1), std::chrono::milliseconds(5));
    world_.clock.advance(next == kTimeMax ? Duration(1000) : step);
  }

  void inject() {
    for (std::size_t at = 0; at < hosts_.size(); ++at) {
      Host& host = hosts_[at];
      const Time now = world_.clock.now();
      if (!host.process) continue;
      if (chance(world_.random, kill_)) kill(at);
      if (chance(world_.random, pause_)) {
        ++result_.pauses;
        host.paused_until = now + Duration(pick(world_.random, 500'000));
        world_.say(world_.hosts[at] + " is paused");
      }
      if (chance(world_.random, cut_)) {
        ++result_.cuts;
        host.cut_until = now + Duration(pick(world_.random, 500'000));
        world_.say(world_.hosts[at] + " is cut off");
      }
      if (chance(world_.random, full_)) {
        host.full_until = now + Duration(pick(world_.random, 100'000));
        world_.say(world_.hosts[at] + " has no room on its disk");
      }
      if (host.process && !stopping_ && chance(world_.random, stop_)) {
        ++result_.stops;
        stopping_ = true;
        world_.say("the user stops " + world_.hosts[at]);
        host.process->stop();
      }
      latest_fault_ =
          std::max({latest_fault_, host.paused_until, host.cut_until, host.full_until, host.start});
    }
  }

  void kill(std::size_t at) {
    Host& host = hosts_[at];
    ++result_.kills;
    world_.say(world_.hosts[at] + " is killed");
    end_at_once(at);
    world_.network.forget(static_cast<std::uint32_t>(at));
    host.paused_until = kTimeMin;
    host.start = world_.clock.now() + Duration(pick(world_.random, 50'000));
    host.again = true;
  }

  // What a dying process still tries to write comes to nothing; and without power, so does what was not
  // synced.
  void end_at_once(std::size_t at) {
    std::vector<testing::MemoryDisk*> disks;
    for (const ActorSpec& actor : topology_->actors)
      if (actor.host == world_.hosts[at] && actor.kind->info.name == "sim.pushed")
        disks.push_back(&outside_.clients[actor.name].disk);
    for (testing::MemoryDisk* disk : disks)
      for (const auto operation :
           {testing::MemoryDisk::Operation::write, testing::MemoryDisk::Operation::sync})
        disk->fail(operation, Code::storage_failed, INT_MAX);
    hosts_[at].process.reset();
    const bool power_lost = !disks.empty() && chance(world_.random, 0.5);
    if (power_lost) world_.say(world_.hosts[at] + " loses power");
    for (testing::MemoryDisk* disk : disks) {
      disk->heal();
      if (power_lost) disk->crash(world_.random());
    }
  }

  void check_invariants() {
    const auto& manifest = world_.disks[0].manifest();
    if (!manifest || (manifest->epoch == seen_epoch_ && manifest->checkpoint == seen_checkpoint_)) return;
    if (manifest->checkpoint <= seen_checkpoint_)
      world_.violations.push_back(
          fmt::format("manifest {} after manifest {}", manifest->checkpoint, seen_checkpoint_));
    for (std::size_t at = 0; at < manifest->snapshots.size(); ++at)
      if (!world_.disks[at].has(manifest->snapshots[at].name) ||
          !manifest->snapshots[at].name.starts_with(
              fmt::format("snapshot-{}-{}-", manifest->epoch, manifest->checkpoint)))
        world_.violations.push_back(fmt::format("manifest {} of epoch {} has no part of {} ({})",
                                                manifest->checkpoint, manifest->epoch, world_.hosts[at],
                                                manifest->snapshots[at].name));
    seen_epoch_ = manifest->epoch;
    seen_checkpoint_ = manifest->checkpoint;
    ++result_.checkpoints;
    world_.say(fmt::format("checkpoint {} of epoch {} is complete", seen_checkpoint_, seen_epoch_));
  }

  std::string standing() const {
    std::string text;
    for (std::size_t at = 0; at < hosts_.size(); ++at)
      text += fmt::format("{} {}, ", world_.hosts[at],
                          hosts_[at].exited    ? std::string("has exited")
                          : hosts_[at].process ? fmt::format("is in epoch {}", hosts_[at].process->epoch())
                                               : std::string("is dead"));
    if (hosts_[0].process && hosts_[0].process->coordinator() != nullptr)
      text += fmt::format("the coordinator is in phase {}",
                          static_cast<int>(hosts_[0].process->coordinator()->phase()));
    return text;
  }

  void check_results() {
    if (!world_.violations.empty() || !outside_.violations.empty()) return;
    if (!std::ranges::all_of(hosts_, &Host::exited)) return world_.violations.push_back("too many steps");
    for (const auto& [sink, expected] : made_.expected) {
      std::vector<std::string> rows;
      for (const auto& [name, shown] : outside_.sinks)
        if (name.substr(0, name.find('.')) == sink)
          rows.insert(rows.end(), shown.rows.begin(), shown.rows.end());
      std::ranges::sort(rows);
      if (rows == expected) continue;
      std::vector<std::string> missing, extra;
      std::ranges::set_difference(expected, rows, std::back_inserter(missing));
      std::ranges::set_difference(rows, expected, std::back_inserter(extra));
      world_.violations.push_back(fmt::format("{}: {} of {} rows; {} missing{}, {} too many{}", sink,
                                              rows.size(), expected.size(), missing.size(),
                                              missing.empty() ? "" : " (" + missing.front() + ")",
                                              extra.size(), extra.empty() ? "" : " (" + extra.front() + ")"));
    }
  }

  SimulationResult finish() {
    for (Host& host : hosts_) host.process.reset();
    outside() = nullptr;
    result_.violations = std::move(world_.violations);
    result_.violations.insert(result_.violations.end(), outside_.violations.begin(),
                              outside_.violations.end());
    result_.trace = std::move(world_.trace);
    result_.messages_lost = world_.network.lost;
    result_.epochs = world_.builders.empty() ? 0 : world_.builders.rbegin()->first.first;
    return std::move(result_);
  }

  SimulationOptions options_;
  Outside outside_;
  World world_;
  RandomTopology made_;
  std::optional<Topology> topology_;
  Plan plan_;
  std::vector<Host> hosts_;
  SimulationResult result_;
  Time faults_until_{}, latest_fault_ = kTimeMin;
  double kill_ = 0, pause_ = 0, cut_ = 0, full_ = 0, stop_ = 0;
  std::uint64_t incarnations_ = 0;
  bool stopping_ = false;
  std::uint32_t seen_epoch_ = 0;
  std::uint64_t seen_checkpoint_ = 0;
  using Stream = std::pair<ChannelId, std::uint32_t>;
  std::map<Stream, std::uint64_t> sequences_;
  std::map<Stream, std::optional<Batch>> held_back_;
  std::map<Stream, bool> after_barrier_;
};

}  // namespace

const std::vector<std::string>& mutants() {
  static const std::vector<std::string> names{"visible_at_barrier",
                                              "acknowledged_early",
                                              "manifest_not_durable",
                                              "saved_before_durable",
                                              "epoch_not_checked_on_rows",
                                              "epoch_not_checked_on_saved",
                                              "start_not_bound_to_incarnation",
                                              "barrier_overtakes_rows",
                                              "lost_rows_not_noticed"};
  return names;
}

SimulationResult simulate(const SimulationOptions& options) {
  return Simulation(options).run();
}

}  // namespace leat::sim
