#pragma once

#include <leat/actor.hpp>
#include <optional>
#include <vector>

namespace leat {

/// The timers of one worker, by deadline. One thread. A moved or cancelled timer stays in the heap until it
/// comes up.
class Timers {
 public:
  struct Fired {
    std::size_t owner;
    Timer timer;
  };

  void start(std::size_t owner, Timer timer, Instant deadline);
  void cancel(std::size_t owner, Timer timer);
  /// The earliest timer that is due, if any; it is gone afterwards.
  std::optional<Fired> pop_due(Instant now);
  std::optional<Instant> next_deadline();

 private:
  struct Entry {
    Instant deadline;
    std::uint64_t generation;
    std::size_t owner;
    Timer timer;
  };
  struct Active {
    std::size_t owner;
    Timer timer;
    std::uint64_t generation;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.deadline != b.deadline ? a.deadline > b.deadline : a.generation > b.generation;
  }
  bool is_active(const Entry& entry) const;
  void drop_inactive();

  std::vector<Entry> heap_;
  std::vector<Active> active_;  // few: an actor has one or two timers
  std::uint64_t generation_ = 0;
};

}  // namespace leat
