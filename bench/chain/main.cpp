// How fast do records get through a chain of actors? Source -> relays -> sink, 100-byte records, checked.
#include "chain/ring.hpp"
#include "chain/workload.hpp"
#include "common/contest.hpp"

namespace {

using leat::bench::Options;
namespace chain = leat::bench::chain;

std::string threads_only(const Options& options) {
  if (options.deploy != "thread" || options.edge != "inproc") return "it has no sockets";
  return {};
}

std::string busy_threads_only(const Options& options) {
  if (options.rate > 0 || options.idle_secs > 0) return "one loop has no hand-over to time";
  return threads_only(options);
}

std::string ring_fits(const Options& options) {
  if (options.batch > chain::Ring::kSlots / 2) return "its rings hold batches of at most 8192";
  return threads_only(options);
}

std::string has_topology(const Options& options) {
  const auto relays = options.relays;
  if (relays != 1 && relays != 2 && relays != 4 && relays != 8)
    return "bench/topologies has chains of 1, 2, 4 and 8 relays";
  if (options.deploy == "thread" && options.edge != "inproc")
    return "between its threads it always uses inproc";
  if (options.deploy == "process" && options.edge == "inproc") return "processes need ipc or tcp";
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<leat::bench::Contender> contenders = {
      {"loop", chain::run_loop, busy_threads_only},
      {"spsc", chain::run_spsc, ring_fits},
      {"zmq", chain::run_zmq, {}},
      {"leat", chain::run_leat, has_topology},
  };
  leat::bench::Offer offer{"chain", "Source -> relays -> sink, 100-byte records, every one checked."};
  for (const auto& contender : contenders) offer.impls.push_back(contender.name);
  offer.events = 5'000'000;
  offer.pipeline = true;
  const auto parsed = leat::bench::parse_options(offer, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  return leat::bench::run_contest("chain", contenders, *parsed.options);
}
