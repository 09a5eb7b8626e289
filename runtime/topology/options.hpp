#pragma once

#include <leat/fields.hpp>

#include "topology/topology.hpp"

namespace leat {

// The options that the topology file has besides those of the kinds, declared once: the loader, `leat schema`
// and the reference page read the same lists.

struct CheckpointOptions {
  Duration every = std::chrono::seconds(1);
  std::uint32_t keep = 3;
  Path path;
};

struct TopologyOptions {
  std::string topology;
  Delivery delivery = Delivery::exactly_once;
  std::optional<CheckpointOptions> checkpoint;
  std::string batch = "auto";
  Duration linger{1000};
  Poll poll = Poll::block;
  std::vector<Path> plugins;
};
const Fields<TopologyOptions>& topology_fields();

/// Keys of the file's top level that are read apart.
inline constexpr std::string_view kTopologySections[] = {"schemas", "actors", "deploy", "tests"};

struct EventTimeOptions {
  std::string field;
  Duration disorder{};
  Duration idle_after{};
};

struct ActorOptions {
  std::uint32_t instances = 1;
  bool fuse = true;
  std::string worker;
  std::string was;
  std::vector<std::string> discard;
  std::optional<EventTimeOptions> event_time;
};
const Fields<ActorOptions>& actor_fields();

struct LinkOptions {
  std::string from;
  Route route = Route::spread;
  Expression key;
  bool feedback = false;
  std::optional<QueueLimit> queue;
};
const Fields<LinkOptions>& link_fields();

struct SecurityOptions {
  enum class Curve : std::uint8_t { required, off } curve = Curve::required;
  Path keys;
};

struct DeployOptions {
  Named<std::string> hosts;
  Named<std::string> place;
  std::optional<SecurityOptions> security;
  Path run_dir;
};
const Fields<DeployOptions>& deploy_fields();

}  // namespace leat
