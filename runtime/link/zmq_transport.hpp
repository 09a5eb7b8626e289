#pragma once

#include <functional>
#include <leat/context.hpp>
#include <memory>

#include "link/transport.hpp"
#include "link/wire.hpp"

namespace zmq {
class context_t;
class socket_t;
}  // namespace zmq

namespace leat {

class CurveDoor;
struct HostKeys;

/// What all sockets of a process share. Destroyed after them.
class ZmqContext {
 public:
  ZmqContext();
  ~ZmqContext();
  zmq::context_t& get() { return *context_; }

  /// From here on, links over tcp are encrypted, and only the hosts of `keys` may use them (CurveDoor). `log`
  /// is called by a thread of its own.
  Status encrypt(const HostKeys& keys, std::function<void(LogLevel, const std::string&)> log);
  /// For every socket of a link, by its thread, before it is bound or connected: does what `encrypt` has said
  /// where the endpoint is tcp.
  Status before_bind(zmq::socket_t& socket, const std::string& endpoint);
  void before_connect(zmq::socket_t& socket, const std::string& endpoint, const std::string& host);

 private:
  std::unique_ptr<zmq::context_t> context_;
  std::unique_ptr<CurveDoor> door_;
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
    std::string host;      ///< where it is
  };
  struct Options {
    Endpoints endpoints;
    std::vector<Peer> peers;  ///< by worker number in the plan
    SchemaOfLink schemas;
    std::uint64_t cookie = 0;  ///< a random secret, the same for all workers of this process
    bool spin = false;         ///< `poll: spin`: `wait` burns the core for a while before it sleeps
  };

  /// Binds. Errors: address_in_use, bad_endpoint, with the endpoint and the fix.
  static Result<std::unique_ptr<ZmqTransport>> open(ZmqContext& context, Options options);
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
