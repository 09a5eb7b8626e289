#pragma once

#include <leat/clock.hpp>
#include <leat/result.hpp>
#include <optional>
#include <string>
#include <vector>

namespace leat {

/// Knows which workers of other processes are alive: a ping goes out when nothing else did for a while, and a
/// peer that was heard once and then stays silent is given up. Pure: time comes in.
class Peers {
 public:
  static constexpr Duration kPingEvery = std::chrono::seconds(1);
  static constexpr Duration kSilenceMax = std::chrono::seconds(10);
  static constexpr Duration kRemindEvery = std::chrono::seconds(5);

  void add(std::uint32_t worker, std::string name, Instant now);
  bool any() const { return !peers_.empty(); }
  std::vector<std::uint32_t> open() const;
  void heard(std::uint32_t worker, Instant now);
  /// Nothing more is expected from this peer, or owed to it.
  void close(std::uint32_t worker);

  struct Due {
    std::vector<std::uint32_t> ping;
    std::vector<std::string> waiting_for;  ///< peers not heard yet, when it is time to say so (again)
    std::optional<std::string> lost;       ///< a peer that fell silent
  };
  Due check(Instant now);
  std::optional<Instant> next_check() const;

 private:
  struct Peer {
    std::uint32_t worker;
    std::string name;
    bool heard = false;
    bool closed = false;
    Instant last_heard;
    Instant last_ping;
    Instant last_reminder;
  };
  std::vector<Peer> peers_;
};

}  // namespace leat
