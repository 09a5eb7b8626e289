// Cells, channels and what depends on how they hang together: made once, before the first turn.
#include <fmt/format.h>

#include "engine/worker_parts.hpp"

namespace leat {

std::size_t Worker::cell_of(std::size_t instance) const {
  const auto& instances = setup_.plan->workers[setup_.number].instances;
  return static_cast<std::size_t>(std::ranges::find(instances, instance) - instances.begin());
}

void Worker::add_cells() {
  const Plan& plan = *setup_.plan;
  for (const std::size_t at : plan.workers[setup_.number].instances) {
    const InstancePlan& instance = plan.instances[at];
    std::vector<bool> inputs;
    for (const ChannelPlan& channel : plan.channels)
      if (channel.to_instance == at) inputs.push_back(setup_.topology->links[channel.link].feedback);
    cells_.push_back(std::make_unique<Cell>(Cell::Setup{.spec = &setup_.topology->actors[instance.actor],
                                                        .number = instance.number,
                                                        .index = cells_.size(),
                                                        .inputs = std::move(inputs),
                                                        .batch_rows = setup_.topology->batch_rows,
                                                        .delivery = setup_.topology->delivery,
                                                        .crashes = setup_.crashes,
                                                        .metrics = setup_.actor_metrics[at],
                                                        .host = this}));
    if (cells_.back()->is_source())
      sources_.push_back(std::make_unique<SourceState>(SourceState{cells_.back().get()}));
  }
}

// Receiving ends first, numbered as they come: a cell's inputs are its channels in plan order.
void Worker::add_channels() {
  const Plan& plan = *setup_.plan;
  const auto& own = plan.workers[setup_.number];
  std::vector<std::size_t> inputs(cells_.size(), 0);
  for (std::size_t at = 0; at < plan.channels.size(); ++at) {
    const ChannelPlan& channel = plan.channels[at];
    const InstancePlan& to = plan.instances[channel.to_instance];
    if (to.worker != setup_.number) continue;
    const std::size_t cell = cell_of(channel.to_instance);
    const std::size_t input = inputs[cell]++;
    if (channel.local) continue;
    const LinkSpec& link = setup_.topology->links[channel.link];
    const std::uint32_t from_worker = plan.instances[channel.from_instance].worker;
    const ChannelId id{channel.link, channel.producer, channel.consumer};
    inlets_.push_back(std::make_unique<Inlet>(
        Inlet{Receiver(id, setup_.epoch, channel.window, setup_.checkpoints, *setup_.channel_metrics[at]),
              cells_[cell].get(), cells_[cell]->spec().kind->inputs[link.to_port], input, from_worker,
              link.feedback}));
    inlet_of_[id] = inlets_.back().get();
    if (plan.workers[from_worker].host != own.host)
      peers_.add(from_worker,
                 fmt::format("{} ({})", plan.workers[from_worker].host, plan.workers[from_worker].endpoint),
                 steady_now_);
  }
}

void Worker::connect_outputs() {
  const Plan& plan = *setup_.plan;
  const Topology& topology = *setup_.topology;
  std::map<std::pair<std::uint32_t, std::size_t>, std::vector<Edge*>> edges;  // by link and producing cell
  std::map<std::size_t, std::size_t> inputs;  // by instance: the next input number
  for (std::size_t at = 0; at < plan.channels.size(); ++at) {
    const ChannelPlan& channel = plan.channels[at];
    const std::size_t input = inputs[channel.to_instance]++;
    if (plan.instances[channel.from_instance].worker != setup_.number) continue;
    const LinkSpec& link = topology.links[channel.link];
    const std::size_t from = cell_of(channel.from_instance);
    const std::uint32_t to_worker = plan.instances[channel.to_instance].worker;
    auto& list = edges[{channel.link, from}];
    if (channel.local) {
      Cell& to = *cells_[cell_of(channel.to_instance)];
      local_edges_.push_back(std::make_unique<LocalEdge>(to, to.spec().kind->inputs[link.to_port], input));
      list.push_back(local_edges_.back().get());
      continue;
    }
    Sender::Limits limits{
        .batch_rows = topology.batch_rows, .linger = topology.linger, .queue = link.queue.max};
    limits.when_full = static_cast<Sender::Limits::WhenFull>(link.queue.when_full);
    if (link.feedback && link.queue.when_full == WhenFull::block)
      limits.when_full = Sender::Limits::WhenFull::overflow;
    const ChannelId id{channel.link, channel.producer, channel.consumer};
    remote_edges_.push_back(std::make_unique<RemoteEdge>(
        Sender(id, setup_.epoch, limits, *setup_.channel_metrics[at]), to_worker, steady_now_));
    list.push_back(remote_edges_.back().get());
    edge_of_[id] = remote_edges_.back().get();
    const WorkerPlan& peer = plan.workers[to_worker];
    if (peer.host != plan.workers[setup_.number].host)
      peers_.add(to_worker, fmt::format("{} ({})", peer.host, peer.endpoint), steady_now_);
  }
  for (const auto& [where, list] : edges) {
    const LinkSpec& link = topology.links[where.first];
    auto& counters = cells_[where.second]->metrics().rows_by_link;
    const auto rows = counters.find(where.first);
    cells_[where.second]->connect(link.from_port, link.route, link.keys, list,
                                  rows == counters.end() ? nullptr : &rows->second);
  }
}

// Each cell, and all that get rows from it by calls.
void Worker::find_reach() {
  reach_.resize(cells_.size());
  const Plan& plan = *setup_.plan;
  for (std::size_t at = cells_.size(); at-- > 0;) {  // consumers come after producers
    reach_[at].push_back(at);
    for (const ChannelPlan& channel : plan.channels) {
      if (channel.from_instance != plan.workers[setup_.number].instances[at] || !channel.local) continue;
      const auto& further = reach_[cell_of(channel.to_instance)];
      reach_[at].insert(reach_[at].end(), further.begin(), further.end());
    }
    std::ranges::sort(reach_[at]);
    reach_[at].erase(std::unique(reach_[at].begin(), reach_[at].end()), reach_[at].end());
  }
}

// A cell must not get input while a sender that it may fill, itself or through calls, waits for credit. And
// rows from a loop go before new ones, or it would fill up: whatever leads to its head by calls waits.
void Worker::find_gates() {
  gates_.resize(cells_.size());
  loops_.resize(cells_.size());
  const Plan& plan = *setup_.plan;
  for (std::size_t at = 0; at < cells_.size(); ++at)
    for (const std::size_t reached : reach_[at]) {
      for (const ChannelPlan& channel : plan.channels)
        if (!channel.local && channel.from_instance == plan.workers[setup_.number].instances[reached])
          gates_[at].push_back(edge_of_.at({channel.link, channel.producer, channel.consumer}));
      for (const auto& inlet : inlets_)
        if (inlet->feedback && inlet->cell == cells_[reached].get()) loops_[at].push_back(&inlet->receiver);
    }
}

}  // namespace leat
