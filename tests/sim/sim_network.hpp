#pragma once

#include <deque>
#include <functional>

#include "control/control_message.hpp"
#include "link/message.hpp"
#include "sim/random_topology.hpp"

namespace leat::sim {

/// What lies between processes. Rows of one worker for another arrive in order, late, or - when their
/// connection is cut - not at all; control messages also twice and out of order. Mutants change what is said
/// on the way.
class SimNetwork {
 public:
  struct Faults {
    double cut = 0;     ///< of a stream's rows under way, per message
    double drop = 0;    ///< of a control message
    double repeat = 0;  ///< of a control message
    double late = 0;    ///< of a control message: it comes long after others
    Duration delay_max{2000};
  };
  /// The coordinator's address; hosts are their numbers.
  static constexpr std::uint32_t kCoordinator = UINT32_MAX;

  explicit SimNetwork(Random& random) : random_(&random) {}

  Faults faults;
  std::vector<bool> cut_off;  ///< hosts: nothing reaches them or leaves them
  std::function<void(Message&, std::uint32_t to_worker)> change_rows;     ///< mutants
  std::function<void(ControlMessage&, std::uint32_t to)> change_control;  ///< mutants
  std::uint64_t lost = 0;

  struct Rows {
    Time at;
    std::uint32_t from_host, to_host, to_worker;
    Message message;
  };
  struct Control {
    Time at;
    std::uint32_t from_host, to_host;
    bool for_coordinator;
    ControlMessage message;
  };

  void send(std::uint32_t from_host, std::uint32_t from_worker, std::uint32_t to_host,
            std::uint32_t to_worker, Message message, Time now) {
    auto& stream = streams_[{from_worker, to_worker}];
    if (chance(*random_, faults.cut)) {  // the connection breaks: what is under way is gone
      lost += stream.size() + 1;
      stream.clear();
      return;
    }
    const Time earliest = stream.empty() ? now : stream.back().at;
    stream.push_back({std::max(earliest, now + delay()), from_host, to_host, to_worker, std::move(message)});
  }
  void send(std::uint32_t from_host, std::uint32_t to_host, bool for_coordinator,
            const ControlMessage& message, Time now) {
    const int copies = chance(*random_, faults.drop) ? 0 : chance(*random_, faults.repeat) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy)
      control_.push_back({now + delay() + (chance(*random_, faults.late) ? 50 * delay() : Duration(0)),
                          from_host, to_host, for_coordinator, message});
  }

  /// Everything due, to `rows` and `control`; what can't be taken (false) waits, as behind a connection that
  /// is being made again.
  template <class TakeRows, class TakeControl>
  bool deliver(Time now, TakeRows&& take_rows, TakeControl&& take_control) {
    bool delivered = false;
    for (auto& [way, stream] : streams_)
      while (!stream.empty() && stream.front().at <= now) {
        Rows& rows = stream.front();
        if (is_cut_off(rows.from_host) || is_cut_off(rows.to_host)) {
          ++lost;
        } else {
          if (change_rows) change_rows(rows.message, rows.to_worker);
          if (!take_rows(rows)) {
            rows.at = now + Duration(1000);
            break;
          }
        }
        stream.pop_front();
        delivered = true;
      }
    for (std::size_t at = 0; at < control_.size();) {
      if (control_[at].at > now) {
        ++at;
        continue;
      }
      Control control = std::move(control_[at]);
      control_.erase(control_.begin() + static_cast<std::ptrdiff_t>(at));
      delivered = true;
      if (is_cut_off(control.from_host) || is_cut_off(control.to_host)) continue;
      if (change_control)
        change_control(control.message, control.for_coordinator ? kCoordinator : control.to_host);
      take_control(control);
    }
    return delivered;
  }
  Time next() const {
    Time next = kTimeMax;
    for (const auto& [way, stream] : streams_)
      if (!stream.empty()) next = std::min(next, stream.front().at);
    for (const Control& control : control_) next = std::min(next, control.at);
    return next;
  }
  /// A process has died: half of what it had sent dies with it.
  void forget(std::uint32_t host) {
    for (auto& [way, stream] : streams_)
      while (!stream.empty() && stream.back().from_host == host && chance(*random_, 0.5))
        stream.pop_back(), ++lost;
  }

 private:
  bool is_cut_off(std::uint32_t host) const { return host < cut_off.size() && cut_off[host]; }
  Duration delay() {
    return Duration(pick(*random_, static_cast<std::uint64_t>(faults.delay_max.count()) + 1));
  }

  Random* random_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::deque<Rows>> streams_;  // by worker, from and to
  std::vector<Control> control_;
};

}  // namespace leat::sim
