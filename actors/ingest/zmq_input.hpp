#pragma once

#include <leat/batch_builder.hpp>

#include "ingest/log_thread.hpp"

namespace leat {

enum class ZmqMode : std::uint8_t {
  pull,   ///< from PUSH sockets; nobody is told anything
  reply,  ///< from REQ or DEALER sockets; each message is answered when it is durable
};

struct ZmqInputOptions {
  std::string bind;
  ZmqMode mode = ZmqMode::pull;
  std::uint64_t message_bytes_max = 1u << 20;
};

/// Brings messages from foreign ZeroMQ sockets into a log: each frame of a message is a record. Own context,
/// own thread. Stops receiving while the log has no room, so that senders' queues fill. Holds at most
/// kMessagesHeld messages.
class ZmqInput : public LogThread {
 public:
  /// `check` says what is wrong with a record, before it is taken (reply only). It is called on the thread.
  using Check = std::function<Status(std::string_view)>;
  /// address_in_use or bad_endpoint, with what to do.
  static Result<std::unique_ptr<ZmqInput>> start(const ZmqInputOptions& options, IngestLog& log, Check check);
  virtual ~ZmqInput() = default;

  /// With the port that was chosen.
  virtual const std::string& endpoint() const = 0;
  /// The log has something new to say. From any thread.
  virtual void wake() = 0;
  /// Takes what has arrived, answers what was taken, and returns.
  virtual void stop() = 0;
};

/// What is wrong with an address to bind, in words; empty if nothing is.
std::string zmq_bind_problem(std::string_view endpoint);

}  // namespace leat
