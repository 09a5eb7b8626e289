#pragma once

#include <memory>

#include "link/transport.hpp"
#include "link/wire.hpp"

namespace zmq {
class context_t;
}

namespace leat {

/// What all sockets of a process share. Destroyed after them.
class ZmqContext {
 public:
  ZmqContext();
  ~ZmqContext();
  zmq::context_t& get() { return *context_; }

 private:
  std::unique_ptr<zmq::context_t> context_;
};

/// Where a worker listens. Empty strings: not there.
struct Endpoints {
  std::string inproc;
  std::string remote;  ///< ipc:// or tcp://
};

/// One worker's sockets: a PULL inbox bound to its endpoints, and a PUSH per peer worker, connected at the
/// first flush. Within a process messages travel as a pointer (the columns are shared), else as frames
/// (wire.hpp).
///
/// Made by any thread, then used by the worker's thread only (but `wake`), and destroyed when no worker runs
/// any more: messages left in the inbox are freed then. LINGER is 0 within the process and a second towards
/// others, so that the last acknowledgement gets out.
class ZmqTransport final : public Transport {
 public:
  struct Peer {
    bool same_process = false;
    std::string endpoint;  ///< to connect to
  };
  struct Options {
    Endpoints endpoints;
    std::vector<Peer> peers;  ///< by worker number in the plan
    SchemaOfLink schemas;
    std::uint64_t cookie = 0;  ///< a random secret, the same for all workers of this process
    bool spin = false;         ///< `poll: spin`: `wait` burns the core for a while before it sleeps
  };

  /// Binds. Errors: address_in_use, bad_endpoint, with the endpoint and the fix.
  static Result<std::unique_ptr<ZmqTransport>> open(zmq::context_t& context, Options options);
  ~ZmqTransport() override;

  void send(std::uint32_t worker, Message&& message) override;
  void flush() override;
  bool receive(Message& message) override;
  void wait(Duration timeout, std::span<const int> readable) override;
  void wake() override;
  /// Frames from other processes that could not be decoded, with the last reason.
  std::uint64_t malformed_count() const;
  const std::string& malformed_reason() const;

 private:
  struct Impl;
  explicit ZmqTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
