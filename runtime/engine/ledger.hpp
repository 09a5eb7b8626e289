#pragma once

#include <string>
#include <vector>

#include "engine/plan.hpp"
#include "observe/metrics.hpp"

namespace leat {

struct HostMetrics;

/// What became of an actor's rows, all its instances on this host.
struct ActorAccount {
  std::string name;
  std::uint64_t in = 0, out = 0, dropped = 0, late = 0, errors = 0;
  bool source = false;
  bool each = false;            ///< KindInfo::each_row: in = out + dropped + late + errors
  std::uint64_t delivered = 0;  ///< by its links' accounts; equals `in`
};

/// What became of a link's rows, as far as this host sees it.
struct LinkAccount {
  std::string name;  ///< "english.out -> sentiment"
  bool from_here = false, to_here = false;
  bool calls = false;        ///< some of its channels are function calls: these count under `called`
  std::uint64_t routed = 0;  ///< rows the producer gave it, copies counted
  std::uint64_t called = 0;  ///< of these: handed over by a call
  std::uint64_t sent = 0, waiting = 0, dropped = 0;
  std::uint64_t received = 0, queued = 0, lost = 0;
  std::uint64_t confirmed = 0;  ///< of those sent: processed, as far as another host has told
};

/// Every row of the present attempt by outcome. Read while workers go on, so figures may differ by what moved
/// meanwhile.
struct Ledger {
  std::vector<ActorAccount> actors;  ///< those of this host, producers first
  std::vector<LinkAccount> links;

  /// Rows that did not move on yet: waiting, under way, queued.
  std::uint64_t under_way() const;
  /// Sums that do not come out, in words. `after`: read right after this one; what has moved in between
  /// explains a difference.
  std::vector<std::string> differences(const Ledger& after) const;
  /// Counters only; what waits is what waits.
  void subtract(const Ledger& before);
};

Ledger read_ledger(const Topology& topology, const Plan& plan, const HostMetrics& metrics);

}  // namespace leat
