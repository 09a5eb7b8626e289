#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "topology/reader.hpp"

namespace leat {
namespace {

constexpr std::uint16_t kPortBase = 5600;

// "10.0.0.1", "10.0.0.1:5600", "core.example:5600", "local".
HostSpec read_host(const std::string& name, const ConfigNode& node, Diagnostics& diagnostics) {
  HostSpec host{.name = name, .address = node.scalar, .port = kPortBase, .place = node.place};
  const std::size_t colon = node.scalar.rfind(':');
  if (colon != std::string::npos) {
    const char* end = node.scalar.data() + node.scalar.size();
    const auto [stop, error] = std::from_chars(node.scalar.data() + colon + 1, end, host.port);
    host.address = node.scalar.substr(0, colon);
    if (error != std::errc() || stop != end || host.port == 0) host.address.clear();
  }
  const bool plain = !host.address.empty() && host.address.find_first_of("/*: ") == std::string::npos;
  if (!plain)
    diagnostics.error(Code::bad_endpoint, node.place, fmt::format("`{}` is not an address", node.scalar), "",
                      "write `10.0.0.1`, `10.0.0.1:5600`, or `local` for a process on this machine");
  return host;
}

bool stays_on_machine(const std::string& address) {
  return address == "local" || address == "localhost" || address.starts_with("127.");
}

std::string default_run_dir(const std::string& topology) {
  return fmt::format("{}/leat-{}-{}", std::filesystem::temp_directory_path().string(), ::getuid(), topology);
}

void place_actors(const ConfigNode& place, Reader& reader) {
  Topology& topology = reader.topology();
  std::vector<std::string> hosts, actors{"*"};
  for (const HostSpec& host : topology.hosts) hosts.push_back(host.name);
  for (const ActorSpec& actor : topology.actors) actors.push_back(actor.name);
  std::string rest;
  for (const ConfigNode::Entry& entry : place.entries) {
    const std::string& host = entry.value.scalar;
    if (std::ranges::find(hosts, host) == hosts.end())
      reader.diagnostics().error(Code::unknown_host, entry.value.place,
                                 fmt::format("no host named `{}`", host), suggest(host, hosts),
                                 fmt::format("hosts: {}", fmt::join(hosts, ", ")));
    const auto actor = std::ranges::find(topology.actors, entry.key, &ActorSpec::name);
    if (entry.key == "*")
      rest = host;
    else if (actor == topology.actors.end())
      reader.diagnostics().error(Code::unknown_actor, entry.key_place,
                                 fmt::format("no actor named `{}`", entry.key), suggest(entry.key, actors));
    else
      actor->host = host;
  }
  for (ActorSpec& actor : topology.actors) {
    if (actor.host.empty()) actor.host = rest;
    if (actor.host.empty())
      reader.diagnostics().error(Code::bad_placement, place.place,
                                 fmt::format("`{}` is placed nowhere", actor.name), "",
                                 "name its host, or add `\"*\": HOST` for the rest");
  }
}

void check_hosts(const ConfigNode& deploy, Reader& reader) {
  Topology& topology = reader.topology();
  for (const HostSpec& host : topology.hosts)
    if (std::ranges::find(topology.actors, host.name, &ActorSpec::host) == topology.actors.end())
      reader.diagnostics().warning(Code::bad_placement, host.place,
                                   fmt::format("no actor is placed on host `{}`", host.name));
  for (const HostSpec& host : topology.hosts)
    for (const HostSpec& other : topology.hosts)
      if (&other < &host && host.address != "local" && other.address == host.address &&
          other.port == host.port)
        reader.diagnostics().error(
            Code::bad_endpoint, host.place,
            fmt::format("`{}` and `{}` would listen on the same ports", other.name, host.name),
            fmt::format("write `{}:{}`", host.address, host.port + 100));
  const bool mixed =
      std::ranges::any_of(topology.hosts, [](const HostSpec& host) { return host.address == "local"; }) &&
      std::ranges::any_of(topology.hosts, [](const HostSpec& host) { return host.address != "local"; });
  if (mixed)
    reader.diagnostics().error(Code::bad_placement, deploy.place,
                               "`local` hosts talk over ipc, the others over tcp: they can't be mixed", "",
                               "write 127.0.0.1:PORT instead of `local`");
}

/// Whoever reaches a port of a plain tcp link can write to it, so links that leave the machine are encrypted
/// unless the file says otherwise.
void read_security(const std::optional<SecurityOptions>& options, Topology& topology) {
  const auto any = [&](auto&& holds) {
    return std::ranges::any_of(topology.hosts, holds, &HostSpec::address);
  };
  const bool tcp = any([](const std::string& address) { return address != "local"; });
  const bool leaves =
      topology.hosts.size() > 1 && any([](const std::string& address) { return !stays_on_machine(address); });
  topology.curve = tcp && (options ? options->curve == SecurityOptions::Curve::required : leaves);
  topology.keys = options && !options->keys.text.empty() ? options->keys.text : topology.folder + "/keys";
}

}  // namespace

void read_deploy(const ConfigNode& root, Reader& reader) {
  Topology& topology = reader.topology();
  topology.run_dir = default_run_dir(topology.name);
  const ConfigNode* deploy = root.find("deploy");
  if (deploy == nullptr) return;
  DeployOptions options;
  const std::size_t before = reader.diagnostics().error_count();
  read_fields(*deploy, deploy_fields().list(), &options, reader);
  if (reader.diagnostics().error_count() != before) return;
  if (!options.run_dir.text.empty()) topology.run_dir = options.run_dir.text;
  for (const ConfigNode::Entry& entry : deploy->find("hosts")->entries) {
    reader.check_name(entry.key, entry.key_place, "a host");
    topology.hosts.push_back(read_host(entry.key, entry.value, reader.diagnostics()));
  }
  read_security(options.security, topology);
  place_actors(*deploy->find("place"), reader);
  if (reader.diagnostics().ok()) check_hosts(*deploy, reader);
}

}  // namespace leat
