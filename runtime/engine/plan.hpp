#pragma once

#include "link/credit.hpp"
#include "topology/topology.hpp"

namespace leat {

/// One copy of an actor.
struct InstancePlan {
  std::size_t actor = 0;     ///< in Topology::actors
  std::uint32_t number = 0;  ///< among the actor's instances
  std::uint32_t worker = 0;  ///< in Plan::workers
};

/// One producer instance to one consumer instance of a link.
struct ChannelPlan {
  std::uint32_t link = 0;
  std::uint32_t producer = 0;  ///< instance numbers
  std::uint32_t consumer = 0;
  std::size_t from_instance = 0;  ///< in Plan::instances
  std::size_t to_instance = 0;
  bool local = false;  ///< same worker: a function call
  Window window;       ///< credit, when not local
};

/// One thread.
struct WorkerPlan {
  std::string name;
  std::string host;                    ///< empty: not placed
  std::vector<std::size_t> instances;  ///< producers before consumers
  std::string endpoint;  ///< ipc:// or tcp:// of its inbox, for other processes; empty: none needed
};

/// One process.
struct HostPlan {
  std::string name;     ///< empty: not placed
  std::string control;  ///< ipc:// or tcp:// where it hears of checkpoints; empty: it is the only one
};

/// Who runs where and how rows get there: a pure function of the topology, equal on every host (the
/// fingerprint proves it).
struct Plan {
  std::vector<InstancePlan> instances;
  std::vector<ChannelPlan> channels;  ///< by link, then producer, then consumer
  std::vector<WorkerPlan> workers;
  std::vector<HostPlan> hosts;           ///< those with workers; the first one coordinates
  std::uint64_t memory_bound_bytes = 0;  ///< most that all links can hold
  std::uint64_t fingerprint = 0;

  const ChannelPlan* find(std::uint32_t link, std::uint32_t producer, std::uint32_t consumer) const;
};

/// `placed`: honour `deploy.place` (with `--host`); otherwise everything runs in this process.
Plan make_plan(const Topology& topology, bool placed);

}  // namespace leat
