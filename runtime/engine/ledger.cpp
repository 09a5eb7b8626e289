#include "engine/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/process.hpp"

namespace leat {
namespace {

std::uint64_t gap(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : b - a;
}

// One equation, read twice. Rows that moved between the two readings may be on either side.
struct Sum {
  std::uint64_t left = 0, right = 0;
};
bool comes_out(const Sum& first, const Sum& second) {
  const std::uint64_t moved = std::max(gap(first.left, second.left), gap(first.right, second.right));
  return std::min(gap(first.left, first.right), gap(second.left, second.right)) <= moved;
}

Sum outcomes(const ActorAccount& actor) {
  return {actor.in, actor.out + actor.dropped + actor.late + actor.errors};
}
Sum deliveries(const ActorAccount& actor) {
  return {actor.in, actor.delivered};
}
Sum sendings(const LinkAccount& link) {
  return {link.routed, link.called + link.sent + link.waiting + link.dropped};
}

LinkAccount account_of(const Topology& topology, const Plan& plan, const HostMetrics& metrics,
                       std::uint32_t at) {
  const LinkSpec& link = topology.links[at];
  const ActorSpec& from = topology.actors[link.from];
  const ActorSpec& to = topology.actors[link.to];
  LinkAccount account{.name =
                          fmt::format("{}.{} -> {}", from.name, from.outputs[link.from_port].name, to.name)};
  for (std::size_t instance = 0; instance < plan.instances.size(); ++instance) {
    if (metrics.actors[instance] == nullptr) continue;
    if (plan.instances[instance].actor == link.to) account.to_here = true;
    if (plan.instances[instance].actor != link.from) continue;
    account.from_here = true;
    if (const Counter* rows = metrics.actors[instance]->rows_of(at))
      account.routed += rows->get() * (link.route == Route::all ? to.instances : 1);
  }
  for (std::size_t channel = 0; channel < plan.channels.size(); ++channel) {
    if (plan.channels[channel].link != at) continue;
    if (plan.channels[channel].local)
      account.calls |= metrics.actors[plan.channels[channel].to_instance] != nullptr;
    const ChannelMetrics* counted = metrics.channels[channel];
    if (counted == nullptr) continue;
    account.sent += counted->rows_sent.get();
    account.confirmed += counted->rows_confirmed.get();
    account.waiting += counted->rows_waiting.get();
    account.dropped += counted->rows_dropped_oldest.get() + counted->rows_dropped_newest.get();
    account.received += counted->rows_received.get();
    account.queued += counted->rows_queued.get();
    account.lost += counted->rows_lost.get();
  }
  return account;
}

}  // namespace

Ledger read_ledger(const Topology& topology, const Plan& plan, const HostMetrics& metrics) {
  Ledger ledger;
  for (const ActorTotals& total : totals(metrics.metrics)) {
    const ActorSpec& actor = *topology.find(total.actor);
    ledger.actors.push_back({.name = total.actor,
                             .in = total.in,
                             .out = total.out,
                             .dropped = total.dropped,
                             .late = total.late,
                             .errors = total.errors,
                             .source = actor.kind->source,
                             .each = actor.kind->info.each_row});
  }
  for (std::uint32_t at = 0; at < topology.links.size(); ++at) {
    LinkAccount account = account_of(topology, plan, metrics, at);
    if (account.from_here || account.to_here) ledger.links.push_back(std::move(account));
  }
  ledger.subtract(metrics.before);
  for (LinkAccount& link : ledger.links) {
    const std::uint64_t handed = link.sent + link.waiting + link.dropped;
    if (link.calls) link.called = link.routed - std::min(link.routed, handed);
    if (!link.to_here) continue;
    const auto to =
        std::ranges::find(ledger.actors, link.name.substr(link.name.rfind(' ') + 1), &ActorAccount::name);
    if (to != ledger.actors.end())
      to->delivered += link.called + link.received - std::min(link.queued, link.received);
  }
  return ledger;
}

void Ledger::subtract(const Ledger& before) {
  for (const ActorAccount& then : before.actors) {
    const auto now = std::ranges::find(actors, then.name, &ActorAccount::name);
    if (now == actors.end()) continue;
    now->in -= then.in;
    now->out -= then.out;
    now->dropped -= then.dropped;
    now->late -= then.late;
    now->errors -= then.errors;
  }
  for (const LinkAccount& then : before.links) {
    const auto now = std::ranges::find(links, then.name, &LinkAccount::name);
    if (now == links.end()) continue;
    now->routed -= then.routed;
    now->sent -= then.sent;
    now->confirmed -= then.confirmed;
    now->dropped -= then.dropped;
    now->received -= then.received;
    now->lost -= then.lost;
  }
}

std::uint64_t Ledger::under_way() const {
  std::uint64_t rows = 0;
  for (const LinkAccount& link : links) {
    const std::uint64_t arrived = link.to_here ? link.received : link.confirmed;
    rows += link.waiting + link.queued + (link.from_here && link.sent > arrived ? link.sent - arrived : 0);
  }
  return rows;
}

std::vector<std::string> Ledger::differences(const Ledger& after) const {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < actors.size(); ++at) {
    const ActorAccount &then = actors[at], &now = after.actors[at];
    if (!now.source && !comes_out(deliveries(then), deliveries(now)))
      found.push_back(
          fmt::format("{}: {} rows came in, its links delivered {}", now.name, now.in, now.delivered));
    if (now.each && !comes_out(outcomes(then), outcomes(now)))
      found.push_back(
          fmt::format("{}: {} rows came in, {} have an outcome", now.name, now.in, outcomes(now).right));
  }
  for (std::size_t at = 0; at < links.size(); ++at) {
    const LinkAccount &then = links[at], &now = after.links[at];
    if (now.from_here && !comes_out(sendings(then), sendings(now)))
      found.push_back(fmt::format("{}: {} rows were routed, {} were sent, wait or were dropped", now.name,
                                  now.routed, sendings(now).right));
    if (now.lost > 0) found.push_back(fmt::format("{}: {} rows were lost on the way", now.name, now.lost));
  }
  return found;
}

}  // namespace leat
