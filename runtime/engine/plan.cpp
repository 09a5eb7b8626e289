#include "engine/plan.hpp"

#include <fmt/format.h>

#include "base/hash.hpp"

namespace leat {
namespace {

// Most batches on their way over a channel. A batch costs some 400 bytes besides its rows: with more batches
// of a row or two they would leave the processor's cache, and come back slowly.
constexpr std::uint64_t kBatchesMax = 4096;

// Instances in order, and who they share a worker with.
class Planner {
 public:
  Planner(const Topology& topology, bool placed) : topology_(topology), placed_(placed) {}

  Plan make() {
    add_instances();
    assign_workers();
    add_channels();
    add_endpoints();
    add_hosts();
    plan_.fingerprint = fingerprint();
    return std::move(plan_);
  }

 private:
  const std::string& host_of(std::size_t actor) const {
    static const std::string nowhere;
    return placed_ ? topology_.actors[actor].host : nowhere;
  }

  void add_instances() {
    first_instance_.resize(topology_.actors.size());
    for (const std::size_t actor : topology_.order) {
      first_instance_[actor] = plan_.instances.size();
      for (std::uint32_t number = 0; number < topology_.actors[actor].instances; ++number)
        plan_.instances.push_back({actor, number, 0});
    }
  }

  // The stages of one shard share a worker (a hand-over to another core costs a wake-up): an actor joins the
  // worker of its first producer when they pair up one to one. See docs/architecture.md, "Who runs where".
  void assign_workers() {
    for (std::size_t at = 0; at < plan_.instances.size(); ++at) {
      InstancePlan& instance = plan_.instances[at];
      const ActorSpec& actor = topology_.actors[instance.actor];
      if (!actor.worker.empty()) {
        const std::string suffix = actor.instances > 1 ? fmt::format(".{}", instance.number) : std::string();
        instance.worker = named_worker(actor.worker + suffix, host_of(instance.actor));
      } else if (const auto producer = fusable_producer(instance)) {
        instance.worker = plan_.instances[*producer].worker;
      } else {
        instance.worker = new_worker(instance, actor);
      }
      plan_.workers[instance.worker].instances.push_back(at);
    }
  }

  std::optional<std::size_t> fusable_producer(const InstancePlan& instance) const {
    const ActorSpec& actor = topology_.actors[instance.actor];
    if (!actor.fuse || actor.kind->info.blocks) return std::nullopt;
    for (const LinkSpec& link : topology_.links) {
      if (link.to != instance.actor || link.feedback) continue;
      const ActorSpec& producer = topology_.actors[link.from];
      const bool one_to_one =
          producer.instances == actor.instances && (is_paired(link) || actor.instances == 1);
      if (!one_to_one || link.queue.when_full != WhenFull::block ||
          host_of(link.from) != host_of(instance.actor))
        return std::nullopt;
      return first_instance_[link.from] + instance.number;
    }
    return std::nullopt;
  }

  // Equal numbers without a key pair up: shard i feeds shard i.
  bool is_paired(const LinkSpec& link) const {
    return link.route == Route::paired ||
           (link.route == Route::spread &&
            topology_.actors[link.from].instances == topology_.actors[link.to].instances);
  }

  std::uint32_t named_worker(const std::string& name, const std::string& host) {
    for (std::uint32_t at = 0; at < plan_.workers.size(); ++at)
      if (plan_.workers[at].name == name && plan_.workers[at].host == host) return at;
    plan_.workers.push_back({.name = name, .host = host, .instances = {}, .endpoint = {}});
    return static_cast<std::uint32_t>(plan_.workers.size() - 1);
  }

  std::uint32_t new_worker(const InstancePlan& instance, const ActorSpec& actor) {
    const std::string name =
        actor.instances > 1 ? fmt::format("{}.{}", actor.name, instance.number) : actor.name;
    return named_worker(name, host_of(instance.actor));
  }

  void add_channels() {
    for (std::uint32_t at = 0; at < topology_.links.size(); ++at) {
      const LinkSpec& link = topology_.links[at];
      const ActorSpec& from = topology_.actors[link.from];
      const ActorSpec& to = topology_.actors[link.to];
      const bool paired = is_paired(link);
      for (std::uint32_t producer = 0; producer < from.instances; ++producer)
        for (std::uint32_t consumer = 0; consumer < to.instances; ++consumer)
          if (!paired || producer == consumer)
            add_channel(at, link, producer, consumer, paired ? 1 : from.instances);
    }
  }

  void add_channel(std::uint32_t at, const LinkSpec& link, std::uint32_t producer, std::uint32_t consumer,
                   std::uint64_t producers) {
    ChannelPlan channel{.link = at, .producer = producer, .consumer = consumer};
    channel.from_instance = first_instance_[link.from] + producer;
    channel.to_instance = first_instance_[link.to] + consumer;
    const bool same_worker =
        plan_.instances[channel.from_instance].worker == plan_.instances[channel.to_instance].worker;
    // A call round a loop would come back into an actor that is still at work.
    channel.local = same_worker && link.queue.when_full == WhenFull::block && !link.feedback;
    std::uint64_t rows = link.queue.max.count / producers;
    if (link.queue.when_full == WhenFull::block && !link.feedback)
      rows = std::min(rows, topology_.batch_rows * kBatchesMax);
    channel.window = {std::max<std::uint64_t>(1, rows),
                      std::max<std::uint64_t>(1, link.queue.max_bytes.count / producers)};
    if (!channel.local) plan_.memory_bound_bytes += channel.window.bytes;
    plan_.channels.push_back(channel);
  }

  // A worker listens for other processes when a channel to or from it crosses a host.
  void add_endpoints() {
    if (!placed_) return;
    std::vector<bool> crosses(plan_.workers.size(), false);
    for (const ChannelPlan& channel : plan_.channels) {
      const std::uint32_t from = plan_.instances[channel.from_instance].worker;
      const std::uint32_t to = plan_.instances[channel.to_instance].worker;
      if (plan_.workers[from].host != plan_.workers[to].host) crosses[from] = crosses[to] = true;
    }
    std::map<std::string, std::uint16_t> used;
    for (std::uint32_t at = 0; at < plan_.workers.size(); ++at) {
      if (!crosses[at]) continue;
      WorkerPlan& worker = plan_.workers[at];
      const HostSpec* host = topology_.find_host(worker.host);
      LEAT_ASSERT(host != nullptr);
      if (host->address == "local") {
        worker.endpoint = fmt::format("ipc://{}/{}.{}", topology_.run_dir, worker.host, used[worker.host]++);
      } else {
        worker.endpoint = fmt::format("tcp://{}:{}", host->address, host->port + used[worker.host]++);
      }
    }
  }

  // The control address of a host is the one after its workers'.
  void add_hosts() {
    for (const WorkerPlan& worker : plan_.workers)
      if (std::ranges::find(plan_.hosts, worker.host, &HostPlan::name) == plan_.hosts.end())
        plan_.hosts.push_back({.name = worker.host, .control = {}});
    if (plan_.hosts.size() == 1) return;
    for (HostPlan& host : plan_.hosts) {
      const HostSpec* spec = topology_.find_host(host.name);
      const auto workers = std::ranges::count_if(plan_.workers, [&](const WorkerPlan& worker) {
        return worker.host == host.name && !worker.endpoint.empty();
      });
      host.control = spec->address == "local"
                         ? fmt::format("ipc://{}/{}.control", topology_.run_dir, host.name)
                         : fmt::format("tcp://{}:{}", spec->address, spec->port + workers);
    }
  }

  // Everything both ends of a link must agree on: names, kinds, schemas, routing and who is where.
  std::uint64_t fingerprint() const {
    Hasher hasher;
    hasher.add(topology_.name);
    for (const ActorSpec& actor : topology_.actors) {
      hasher.add(actor.name);
      hasher.add(actor.kind->info.name);
      hasher.add(actor.instances);
      for (const OutputSpec& output : actor.outputs)
        hasher.add(output.schema ? output.schema->fingerprint() : 0);
    }
    for (const LinkSpec& link : topology_.links) {
      hasher.add(link.from);
      hasher.add(link.from_port);
      hasher.add(link.to);
      hasher.add(link.to_port);
      hasher.add(static_cast<std::uint64_t>(link.route));
      hasher.add(static_cast<std::uint64_t>(link.feedback));
      for (const Expression& key : link.keys) hasher.add(key.text());
    }
    for (const WorkerPlan& worker : plan_.workers) {
      hasher.add(worker.host);
      hasher.add(worker.endpoint);
      for (const std::size_t instance : worker.instances) hasher.add(instance);
    }
    return hasher.value();
  }

  const Topology& topology_;
  bool placed_;
  Plan plan_;
  std::vector<std::size_t> first_instance_;
};

}  // namespace

const ChannelPlan* Plan::find(std::uint32_t link, std::uint32_t producer, std::uint32_t consumer) const {
  for (const ChannelPlan& channel : channels)
    if (channel.link == link && channel.producer == producer && channel.consumer == consumer) return &channel;
  return nullptr;
}

Plan make_plan(const Topology& topology, bool placed) {
  return Planner(topology, placed).make();
}

}  // namespace leat
