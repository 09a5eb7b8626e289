#include "engine/peers.hpp"

#include <algorithm>

namespace leat {

void Peers::add(std::uint32_t worker, std::string name, Instant now) {
  for (const Peer& peer : peers_)
    if (peer.worker == worker) return;
  peers_.push_back({worker, std::move(name), false, false, now, now, now});
}

std::vector<std::uint32_t> Peers::open() const {
  std::vector<std::uint32_t> list;
  for (const Peer& peer : peers_)
    if (!peer.closed) list.push_back(peer.worker);
  return list;
}

void Peers::heard(std::uint32_t worker, Instant now) {
  for (Peer& peer : peers_)
    if (peer.worker == worker) {
      peer.heard = true;
      peer.last_heard = now;
    }
}

void Peers::close(std::uint32_t worker) {
  for (Peer& peer : peers_)
    if (peer.worker == worker) peer.closed = true;
}

Peers::Due Peers::check(Instant now) {
  Due due;
  for (Peer& peer : peers_) {
    if (peer.closed) continue;
    if (now - peer.last_ping >= kPingEvery) {
      peer.last_ping = now;
      if (peer.heard) due.ping.push_back(peer.worker);
    }
    if (peer.heard && now - peer.last_heard >= kSilenceMax) due.lost = peer.name;
    if (!peer.heard && now - peer.last_reminder >= kRemindEvery) {
      peer.last_reminder = now;
      due.waiting_for.push_back(peer.name);
    }
  }
  return due;
}

std::optional<Instant> Peers::next_check() const {
  std::optional<Instant> next;
  for (const Peer& peer : peers_)
    if (!peer.closed) next = std::min(next.value_or(Instant::max()), peer.last_ping + kPingEvery);
  return next;
}

}  // namespace leat
