#include "engine/process.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <random>

#include "engine/crash_page.hpp"

namespace leat {
namespace {

constexpr unsigned kPoolThreads = 4;

}  // namespace

HostMetrics::HostMetrics(const Topology& topology, const Plan& plan, const std::string& host) {
  const auto here = [&](const WorkerPlan& worker) { return worker.host == host; };
  actors.resize(plan.instances.size(), nullptr);
  channels.resize(plan.channels.size(), nullptr);
  for (std::size_t at = 0; at < plan.instances.size(); ++at) {
    const InstancePlan& instance = plan.instances[at];
    const WorkerPlan& worker = plan.workers[instance.worker];
    if (!here(worker)) continue;
    ActorMetrics& added = metrics.add_actor();
    added.actor = topology.actors[instance.actor].name;
    added.instance = instance.number;
    added.worker = worker.name;
    for (std::uint32_t link = 0; link < topology.links.size(); ++link)
      if (topology.links[link].from == instance.actor) added.rows_by_link[link];
    actors[at] = &added;
  }
  for (std::size_t at = 0; at < plan.channels.size(); ++at) {
    const ChannelPlan& channel = plan.channels[at];
    const bool ours = here(plan.workers[plan.instances[channel.from_instance].worker]) ||
                      here(plan.workers[plan.instances[channel.to_instance].worker]);
    if (channel.local || !ours) continue;
    const LinkSpec& link = topology.links[channel.link];
    const ActorSpec& from = topology.actors[link.from];
    ChannelMetrics& added = metrics.add_channel();
    added.link = fmt::format("{}.{} -> {}", from.name, from.outputs[link.from_port].name,
                             topology.actors[link.to].name);
    added.producer = channel.producer;
    added.consumer = channel.consumer;
    added.consumer_here = here(plan.workers[plan.instances[channel.to_instance].worker]);
    channels[at] = &added;
  }
}

void HostMetrics::begin_attempt(const Topology& topology, const Plan& plan) {
  const std::lock_guard lock(mutex_);
  for (ChannelMetrics* channel : channels) {
    if (channel == nullptr) continue;
    for (Counter* gauge : {&channel->rows_waiting, &channel->bytes_waiting, &channel->rows_queued})
      gauge->set(0);
  }
  before = {};
  before = read_ledger(topology, plan, *this);
}

Ledger HostMetrics::ledger(const Topology& topology, const Plan& plan) const {
  const std::lock_guard lock(mutex_);
  return read_ledger(topology, plan, *this);
}

Process::Process(const Topology& topology, const Plan& plan, std::string host, HostMetrics& metrics, Log log,
                 Attempt attempt)
    : topology_(topology),
      plan_(plan),
      host_(std::move(host)),
      log_(std::move(log)),
      metrics_(metrics),
      attempt_(std::move(attempt)),
      pool_(std::make_unique<BlockingPool>(kPoolThreads)) {}

Process::~Process() {
  abort();
  for (std::thread& thread : threads_) thread.join();
  pool_.reset();  // its jobs report to workers
  workers_.clear();
}

Status Process::open_transports() {
  if (!topology_.run_dir.empty() && !host_.empty()) ::mkdir(topology_.run_dir.c_str(), 0700);
  if (attempt_.keys != nullptr)
    LEAT_TRY(context_.encrypt(
        *attempt_.keys, [this](LogLevel level, const std::string& message) { log(level, {}, message); }));
  std::random_device random;
  const std::uint64_t cookie = (std::uint64_t{random()} << 32) | random();
  const SchemaOfLink schemas = [this](std::uint32_t link) -> SchemaPtr {
    if (link >= topology_.links.size()) return nullptr;
    const LinkSpec& spec = topology_.links[link];
    return topology_.actors[spec.from].outputs[spec.from_port].schema;
  };
  std::vector<ZmqTransport::Peer> peers;
  for (std::size_t at = 0; at < plan_.workers.size(); ++at)
    peers.push_back(here(plan_.workers[at])
                        ? ZmqTransport::Peer{true, fmt::format("inproc://worker-{}", at), {}}
                        : ZmqTransport::Peer{false, plan_.workers[at].endpoint, plan_.workers[at].host});
  transports_.resize(plan_.workers.size());
  for (std::size_t at = 0; at < plan_.workers.size(); ++at) {
    if (!here(plan_.workers[at])) continue;
    ZmqTransport::Options options{.endpoints = {peers[at].endpoint, plan_.workers[at].endpoint},
                                  .peers = peers,
                                  .schemas = schemas,
                                  .cookie = cookie,
                                  .spin = topology_.poll == Poll::spin};
    LEAT_TRY_ASSIGN(transports_[at], ZmqTransport::open(context_, std::move(options)));
  }
  return {};
}

Status Process::prepare() {
  LEAT_TRY(open_transports());
  for (std::uint32_t at = 0; at < plan_.workers.size(); ++at) {
    if (!here(plan_.workers[at])) continue;
    workers_.push_back(std::make_unique<Worker>(
        Worker::Setup{.topology = &topology_,
                      .plan = &plan_,
                      .number = at,
                      .epoch = attempt_.epoch,
                      .checkpoints = attempt_.checkpoints,
                      .restored = attempt_.restored,
                      .begin_at = attempt_.begin_at,
                      .crashes = attempt_.crashes,
                      .clock = &system_clock(),
                      .transport = transports_[at].get(),
                      .pool = pool_.get(),
                      .observer = attempt_.observer != nullptr ? attempt_.observer : this,
                      .actor_metrics = metrics_.actors,
                      .channel_metrics = metrics_.channels}));
    LEAT_TRY(workers_.back()->load());
  }
  return {};
}

void Process::start() {
  running_ = workers_.size();
  for (const auto& worker : workers_)
    threads_.emplace_back([this, &worker = *worker] {
      ::prctl(PR_SET_TIMERSLACK,
              1000UL);  // nanoseconds: paced sources and linger are finer than the default 50 us
      const StackGuard stack;
      worker.run();
      const std::lock_guard lock(mutex_);
      --running_;
      changed_.notify_all();
    });
}

bool Process::wait_for(Duration duration) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, duration, [this] { return running_ == 0; });
}

void Process::drain() {
  if (drained_.exchange(true)) return;
  for (const auto& worker : workers_) worker->drain();
}

void Process::abort() {
  aborted_ = true;
  for (const auto& worker : workers_) worker->abort();
}

void Process::failed(const std::string& actor, Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (error_) return;  // the first failure is the cause
    error_ = std::move(error);
    if (!actor.empty()) error_->place = error_->place.empty() ? actor : actor + ", " + error_->place;
  }
  for (const auto& worker : workers_) worker->abort();
}

void Process::log(LogLevel level, const std::string& actor, std::string message) {
  const std::lock_guard lock(mutex_);
  log_(level, actor, message);
}

}  // namespace leat
