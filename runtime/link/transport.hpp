#pragma once

#include <span>

#include "link/message.hpp"

namespace leat {

/// One worker's door to the other workers of the plan, known by their number there. Used by that worker's
/// thread only
/// (`wake` by any). Sending never blocks: what may be sent is bounded by credit, not by the transport.
/// Production: sockets (zmq_transport.hpp). Tests and the simulator: queues.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Delivers in order, once, or not at all; nothing leaves before `flush`.
  virtual void send(std::uint32_t worker, Message&& message) = 0;
  /// Hands over everything sent since the last flush: many small messages cost little more than one.
  virtual void flush() = 0;
  /// Next message of any worker; false when there is none now.
  virtual bool receive(Message& message) = 0;
  /// Sleeps until a message may have come, a descriptor is readable, `wake` was called, or the time is over
  /// (negative: no limit).
  virtual void wait(Duration timeout, std::span<const int> readable) = 0;
  /// Ends the current or the next `wait` early.
  virtual void wake() = 0;
};

}  // namespace leat
