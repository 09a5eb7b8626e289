#pragma once

#include <functional>
#include <leat/context.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "link/zmq_host_keys.hpp"

namespace leat {

/// Who may connect to the sockets of a context, and why somebody could not: CURVE for all links over tcp,
/// with a ZAP handler (ZeroMQ RFC 27) that lets in the keys of the topology's hosts and nobody else, and a
/// monitor for each socket, because to the socket itself a wrong key looks like a dead network. A thread of
/// its own; destroyed after the sockets, before the context.
class CurveDoor {
 public:
  using Log = std::function<void(LogLevel, const std::string& message)>;

  /// Fails when this libzmq has no CURVE.
  static Result<std::unique_ptr<CurveDoor>> open(zmq::context_t& context, HostKeys keys, Log log);
  ~CurveDoor();
  CurveDoor(const CurveDoor&) = delete;
  CurveDoor& operator=(const CurveDoor&) = delete;

  /// Before a socket is bound, by its thread. Fails when it would not be guarded.
  Status guard(zmq::socket_t& socket);
  /// Before a socket connects to that host, by its thread.
  void introduce(zmq::socket_t& socket, const std::string& host);

 private:
  CurveDoor(zmq::context_t& context, HostKeys keys, Log log);
  void run();
  void answer_one();
  void read_event(std::size_t monitor);
  void monitor(zmq::socket_t& socket, const std::string& host);
  void wake(bool go_on);
  void tell(LogLevel level, const std::string& text);

  struct Monitor {
    std::string host;  ///< it connects to; empty: it is bound
    zmq::socket_t events;
  };
  struct Told {
    std::string text;
    std::chrono::steady_clock::time_point when;
  };

  zmq::context_t& context_;
  const HostKeys keys_;
  const Log log_;
  zmq::socket_t zap_;   // used by the thread
  zmq::socket_t news_;  // wakes the thread; an empty message ends it
  std::vector<Monitor> watched_;
  std::vector<Told> told_;
  std::mutex mutex_;  // guards what follows
  std::size_t monitors_ = 0;
  std::vector<Monitor> arrived_;
  std::thread thread_;
};

}  // namespace leat
