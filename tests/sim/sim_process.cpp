#include "sim/sim_process.hpp"

#include <fmt/format.h>

namespace leat::sim {

void World::say(std::string line) {
  trace.push_back(fmt::format(
      "{:>9.3f} ms  {}",
      static_cast<double>((clock.now() - Time(std::chrono::seconds(1'700'000'000))).count()) / 1000, line));
}

std::uint32_t World::host_of_worker(std::uint32_t worker) const {
  const auto found = std::ranges::find(hosts, plan->workers[worker].host);
  return static_cast<std::uint32_t>(found - hosts.begin());
}

namespace {

// Jobs are done when the simulation comes to them.
class SimPool final : public BlockingPool {
 public:
  explicit SimPool(World& world) : BlockingPool(0), world_(world) {}
  void submit(std::function<void()> job) override { jobs_.push_back(std::move(job)); }
  bool step() {
    if (jobs_.empty() || chance(world_.random, 0.5)) return !jobs_.empty();
    const auto at = jobs_.begin() + static_cast<std::ptrdiff_t>(pick(world_.random, jobs_.size()));
    const std::function<void()> job = std::move(*at);
    jobs_.erase(at);
    job();
    return true;
  }

 private:
  World& world_;
  std::vector<std::function<void()>> jobs_;
};

class SimTransport final : public Transport {
 public:
  SimTransport(World& world, std::uint32_t worker, std::map<std::uint32_t, std::deque<Message>>& inboxes)
      : world_(world), worker_(worker), inboxes_(inboxes) {}
  void send(std::uint32_t worker, Message&& message) override {
    if (const auto inbox = inboxes_.find(worker); inbox != inboxes_.end())
      return inbox->second.push_back(std::move(message));
    world_.network.send(world_.host_of_worker(worker_), worker_, world_.host_of_worker(worker), worker,
                        std::move(message), world_.clock.now());
  }
  void flush() override {}
  bool receive(Message& message) override {
    auto& inbox = inboxes_.at(worker_);
    if (inbox.empty()) return false;
    message = std::move(inbox.front());
    inbox.pop_front();
    return true;
  }
  void wait(Duration, std::span<const int>) override {}
  void wake() override {}

 private:
  World& world_;
  std::uint32_t worker_;
  std::map<std::uint32_t, std::deque<Message>>& inboxes_;
};

}  // namespace

class SimCrew final : public Crew {
 public:
  SimCrew(SimProcess& process, std::uint32_t epoch, RestoredStates restored, WorkerObserver& observer)
      : process_(process), pool_(process.world_) {
    World& world = process.world_;
    std::vector<ActorMetrics*> actors;
    std::vector<ChannelMetrics*> channels;
    for (std::size_t at = 0; at < world.plan->instances.size(); ++at)
      actors.push_back(&actors_.emplace_back());
    for (std::size_t at = 0; at < world.plan->channels.size(); ++at)
      channels.push_back(&channels_.emplace_back());
    for (std::uint32_t at = 0; at < world.plan->workers.size(); ++at)
      if (world.host_of_worker(at) == process.host_) inboxes_[at];
    for (const auto& [at, inbox] : inboxes_) {
      transports_.push_back(std::make_unique<SimTransport>(world, at, inboxes_));
      workers_.push_back(std::make_unique<Worker>(Worker::Setup{.topology = world.topology,
                                                                .plan = world.plan,
                                                                .number = at,
                                                                .epoch = epoch,
                                                                .checkpoints = true,
                                                                .restored = restored,
                                                                .clock = &world.clock,
                                                                .transport = transports_.back().get(),
                                                                .pool = &pool_,
                                                                .observer = &observer,
                                                                .actor_metrics = actors,
                                                                .channel_metrics = channels}));
    }
    process_.crew_ = this;
  }
  ~SimCrew() override {
    workers_.clear();
    process_.crew_ = nullptr;
  }

  Status load() {
    for (const auto& worker : workers_) LEAT_TRY(worker->load());
    return {};
  }
  void go() override {
    for (const auto& worker : workers_) worker->start();
    going_ = true;
  }
  void checkpoint(std::uint64_t number, bool last) override {
    for (const auto& worker : workers_) worker->checkpoint(number, last);
  }
  void commit(std::uint64_t number) override {
    for (const auto& worker : workers_) worker->commit(number);
  }
  void release() override {
    for (const auto& worker : workers_) worker->release();
  }

  bool step() {
    if (!going_) return false;
    bool worked = pool_.step();
    for (const auto& worker : workers_)
      if (!worker->finished() && chance(process_.world_.random, 0.8)) worked |= worker->turn();
    check_bounds();
    return worked;
  }
  /// Memory is bounded: no channel holds more than its window and the batch that filled it.
  void check_bounds() const {
    const World& world = process_.world_;
    for (std::size_t at = 0; at < channels_.size(); ++at) {
      const ChannelPlan& channel = world.plan->channels[at];
      const std::uint64_t most = channel.window.rows + world.topology->batch_rows;
      if (!channel.local && channels_[at].rows_queued.get() > most)
        process_.world_.violations.push_back(fmt::format("channel {} holds {} rows, and {} are its bound", at,
                                                         channels_[at].rows_queued.get(), most));
    }
  }
  bool finished() const {
    return !going_ || std::ranges::all_of(workers_, [](const auto& worker) { return worker->finished(); });
  }
  Time next_time() const {
    Time next = kTimeMax;
    for (const auto& worker : workers_)
      if (const Duration idle = going_ && !worker->finished() ? worker->idle_time() : Duration(-1);
          idle.count() >= 0)
        next = std::min(next, process_.world_.clock.now() + idle);
    return next;
  }
  void take(SimNetwork::Rows& rows) { inboxes_.at(rows.to_worker).push_back(std::move(rows.message)); }

 private:
  SimProcess& process_;
  SimPool pool_;
  std::deque<ActorMetrics> actors_;
  std::deque<ChannelMetrics> channels_;
  std::map<std::uint32_t, std::deque<Message>> inboxes_;
  std::vector<std::unique_ptr<SimTransport>> transports_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool going_ = false;
};

SimProcess::SimProcess(World& world, std::uint32_t host, std::uint64_t incarnation, bool again)
    : world_(world), host_(host), incarnation_(incarnation) {
  const Instant now = world.clock.steady();
  SimDisk& disk = world.disks[host];
  if (host == 0) {
    Coordinator::Options options{.topology = world.topology->name,
                                 .hosts = world.hosts,
                                 .plan = world.plan->fingerprint,
                                 .every = std::chrono::milliseconds(20),
                                 .silence = std::chrono::milliseconds(1200),
                                 .repeat = std::chrono::milliseconds(20),
                                 .again = again};
    coordinator_.emplace(std::move(options), disk, *disk.load(), *disk.load_epoch(), now);
  }
  const auto make_crew = [this](std::uint32_t epoch, RestoredStates restored,
                                WorkerObserver& observer) -> Result<std::unique_ptr<Crew>> {
    auto& builder = world_.builders.try_emplace({epoch, host_}, incarnation_).first->second;
    if (builder != incarnation_)
      world_.violations.push_back(
          fmt::format("{} joined epoch {} in two incarnations", world_.hosts[host_], epoch));
    auto crew = std::make_unique<SimCrew>(*this, epoch, std::move(restored), observer);
    LEAT_TRY(crew->load());
    return std::unique_ptr<Crew>(std::move(crew));
  };
  control_ = std::make_unique<HostControl>(HostControl::Setup{.topology = world.topology,
                                                              .plan = world.plan,
                                                              .host = world.hosts[host],
                                                              .number = host,
                                                              .incarnation = incarnation,
                                                              .store = &disk,
                                                              .observer = this,
                                                              .wake = {},
                                                              .make_crew = make_crew},
                                           now);
}

SimProcess::~SimProcess() = default;

bool SimProcess::step() {
  const Instant now = world_.clock.steady();
  bool worked = crew_ != nullptr && crew_->step();
  control_->run(now);
  if (coordinator_) coordinator_->on_time(now);
  send_control();
  return worked;
}

void SimProcess::send_control() {
  for (const ControlMessage& message : control_->take_messages())
    world_.network.send(host_, 0, true, message, world_.clock.now());
  if (!coordinator_) return;
  for (const ControlMessage& message : coordinator_->take_messages())
    world_.network.send(host_, message.host, false, message, world_.clock.now());
  if (const auto reason = coordinator_->take_reason()) world_.say("new attempt: " + *reason);
}

Time SimProcess::next_time() const {
  const auto as_time = [](Instant instant) {
    return instant == Instant::max() ? kTimeMax
                                     : Time(std::chrono::ceil<Duration>(instant.time_since_epoch()));
  };
  Time next = as_time(control_->next_time());
  if (coordinator_)
    if (const auto at = coordinator_->next_time()) next = std::min(next, as_time(*at));
  return crew_ == nullptr ? next : std::min(next, crew_->next_time());
}

bool SimProcess::exited() const {
  if (!control_->gave_up().empty()) world_.violations.push_back("given up: " + control_->gave_up());
  return control_->ended() && (crew_ == nullptr || crew_->finished()) &&
         (!coordinator_ || coordinator_->done());
}

bool SimProcess::take(SimNetwork::Rows& rows) {
  if (crew_ == nullptr) return false;
  crew_->take(rows);
  return true;
}

void SimProcess::take(const SimNetwork::Control& control) {
  if (!control.for_coordinator) return control_->on_message(control.message);
  if (coordinator_) coordinator_->on_message(control.message, world_.clock.steady());
}

void SimProcess::failed(const std::string& actor, Error error) {
  world_.violations.push_back(fmt::format("{} {} failed: {}", world_.hosts[host_], actor, error.text()));
}

}  // namespace leat::sim
