#include "engine/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/common.hpp"

namespace leat::cli {
namespace {

constexpr std::string_view kRoutes[] = {"spread", "key", "all"};
constexpr std::string_view kWhenFull[] = {"block", "drop_oldest", "drop_newest"};

std::string instance_name(const Topology& topology, const InstancePlan& instance) {
  const ActorSpec& actor = topology.actors[instance.actor];
  return actor.instances == 1 ? actor.name : fmt::format("{}.{}", actor.name, instance.number);
}

// How the channels of a link travel: some may stay on a worker while others do not.
std::string transport_of(const Topology& topology, const Plan& plan, std::uint32_t link) {
  bool call = false, socket = false, off_process = false;
  for (const ChannelPlan& channel : plan.channels) {
    if (channel.link != link) continue;
    const WorkerPlan& from = plan.workers[plan.instances[channel.from_instance].worker];
    const WorkerPlan& to = plan.workers[plan.instances[channel.to_instance].worker];
    call = call || channel.local;
    off_process = off_process || from.host != to.host;
    socket = socket || (!channel.local && from.host == to.host);
  }
  const HostSpec* host = topology.hosts.empty() ? nullptr : &topology.hosts.front();
  std::string text = call ? "call" : "";
  if (socket) text += text.empty() ? "inproc" : "+inproc";
  if (off_process)
    text +=
        std::string(text.empty() ? "" : "+") + (host != nullptr && host->address == "local" ? "ipc" : "tcp");
  return text;
}

// The promise, and who keeps less of it.
std::string delivery_text(const Topology& topology) {
  constexpr const char* kNames[] = {"best_effort", "at_least_once", "exactly_once"};
  std::string text = fmt::format("delivery {}", kNames[static_cast<int>(topology.delivery)]);
  if (topology.delivery == Delivery::best_effort) return text;
  text += fmt::format(", a checkpoint every {} in {}", to_text(topology.checkpoint.every),
                      topology.checkpoint.path);
  for (const ActorSpec& actor : topology.actors)
    if (actor.kind->info.delivery < topology.delivery)
      text += fmt::format("\n  {}: {}, see docs/delivery.md", actor.name,
                          kNames[static_cast<int>(actor.kind->info.delivery)]);
  return text;
}

void print_text(const Topology& topology, const Plan& plan) {
  fmt::print("workers\n");
  for (const WorkerPlan& worker : plan.workers) {
    std::string names;
    for (const std::size_t at : worker.instances)
      names += (names.empty() ? "" : ", ") + instance_name(topology, plan.instances[at]);
    fmt::print("  {:<16}{}{} {}\n", worker.name,
               worker.host.empty() ? "" : fmt::format(" on {}", worker.host),
               worker.endpoint.empty() ? "" : fmt::format(" ({})", worker.endpoint), names);
  }
  fmt::print("\nlinks\n");
  for (std::uint32_t at = 0; at < topology.links.size(); ++at) {
    const LinkSpec& link = topology.links[at];
    const ActorSpec& from = topology.actors[link.from];
    const OutputSpec& output = from.outputs[link.from_port];
    const std::string transport = transport_of(topology, plan, at);
    fmt::print("  {}.{} -> {}  {}, {}{}\n", from.name, output.name, topology.actors[link.to].name, transport,
               kRoutes[static_cast<int>(link.route)],
               link.route == Route::key ? fmt::format(" {}", key_text(link)) : "");
    if (transport != "call")
      fmt::print("      queue {} rows, {}, {}\n", to_text(link.queue.max), to_text(link.queue.max_bytes),
                 kWhenFull[static_cast<int>(link.queue.when_full)]);
    fmt::print("      {}\n", output.schema ? output.schema->text() : "?");
  }
  fmt::print(
      "\nbatches of at most {} rows{}, linger {}\nall links together hold at most {} plus one batch each\n",
      topology.batch_rows, topology.batch_auto ? " (auto)" : "", to_text(topology.linger),
      to_text(Bytes{plan.memory_bound_bytes}));
  fmt::print("{}\n", delivery_text(topology));
  if (std::ranges::any_of(topology.hosts, [](const HostSpec& host) { return host.address != "local"; }))
    fmt::print("tcp between hosts {}\n", topology.curve
                                             ? fmt::format("encrypted, with the keys in {}", topology.keys)
                                             : std::string("plain, open to whoever reaches the ports"));
}

void print_json(const Topology& topology, const Plan& plan) {
  std::string workers, links;
  for (const WorkerPlan& worker : plan.workers) {
    std::string names;
    for (const std::size_t at : worker.instances)
      names += (names.empty() ? "" : ",") + json_text(instance_name(topology, plan.instances[at]));
    workers += fmt::format("{}{{\"name\":{},\"host\":{},\"endpoint\":{},\"instances\":[{}]}}",
                           workers.empty() ? "" : ",", json_text(worker.name), json_text(worker.host),
                           json_text(worker.endpoint), names);
  }
  for (std::uint32_t at = 0; at < topology.links.size(); ++at) {
    const LinkSpec& link = topology.links[at];
    const ActorSpec& from = topology.actors[link.from];
    const OutputSpec& output = from.outputs[link.from_port];
    links += fmt::format(
        "{}{{\"from\":{},\"port\":{},\"to\":{},\"transport\":{},\"route\":\"{}\",\"max_rows\":{},\"max_"
        "bytes\":{},\"when_full\":\"{}\",\"schema\":{}}}",
        links.empty() ? "" : ",", json_text(from.name), json_text(output.name),
        json_text(topology.actors[link.to].name), json_text(transport_of(topology, plan, at)),
        kRoutes[static_cast<int>(link.route)], link.queue.max.count, link.queue.max_bytes.count,
        kWhenFull[static_cast<int>(link.queue.when_full)],
        json_text(output.schema ? output.schema->text() : ""));
  }
  fmt::print(
      "{{\"topology\":{},\"batch_rows\":{},\"memory_bound_bytes\":{},\"encrypted\":{},\"workers\":[{}],"
      "\"links\":[{}]}}\n",
      json_text(topology.name), topology.batch_rows, plan.memory_bound_bytes, topology.curve, workers, links);
}

}  // namespace

int plan(const TopologyArguments& arguments) {
  Registry registry;
  Diagnostics diagnostics;
  int exit = kOk;
  const auto topology = load(arguments, registry, diagnostics, exit);
  print_diagnostics(diagnostics, Format::text);
  if (!topology) return exit;
  const Plan plan = make_plan(*topology, !topology->hosts.empty());
  arguments.format == Format::json ? print_json(*topology, plan) : print_text(*topology, plan);
  return kOk;
}

}  // namespace leat::cli
