#pragma once

#include <memory>
#include <zmq.hpp>

#include "link/wire.hpp"
#include "link/zmq_transport.hpp"

namespace leat {

/// What goes to one worker: a PUSH socket, connected at the first message, and the messages that wait for the
/// next flush. They leave as one ZeroMQ message, within the process as a pointer to them, else as frames back
/// to back. Worker thread only. Bound: kBundleMessagesMax messages, or kBundleBytesMax and one frame.
class Outbox {
 public:
  static constexpr std::size_t kBundleMessagesMax = 256;
  static constexpr std::size_t kBundleBytesMax = 64u << 10;

  /// `cookie` is the secret that marks pointers (Bundle); 0: the worker is in another process, on `host`.
  Outbox(std::string endpoint, std::string host, std::uint64_t cookie)
      : endpoint_(std::move(endpoint)), host_(std::move(host)), cookie_(cookie) {}

  void add(Message&& message, ZmqContext& context, FrameWriter& writer);
  void flush(ZmqContext& context);

 private:
  bool local() const { return cookie_ != 0; }
  zmq::socket_t& socket(ZmqContext& context);
  void add_frame(const Message& message, ZmqContext& context, FrameWriter& writer);

  std::string endpoint_, host_;
  std::uint64_t cookie_;
  zmq::socket_t socket_;
  std::vector<Message> messages_;       // local
  std::unique_ptr<std::byte[]> bytes_;  // else: room for kBundleBytesMax of frames
  std::size_t bytes_used_ = 0;
};

/// Messages on their way within a process: the address of a vector that the receiver takes over. Fits a
/// ZeroMQ message without an allocation of its own. The cookie is a secret of this process, because an inbox
/// hears other processes too and no frame of theirs may ever be taken for an address.
struct Bundle {
  std::vector<Message>* messages = nullptr;
  std::uint64_t cookie = 0;

  /// The messages, if `received` is a bundle with this cookie; else null.
  static std::unique_ptr<std::vector<Message>> take(const zmq::message_t& received, std::uint64_t cookie);
};

/// For every socket between workers: no high-water marks, because credit bounds what is under way.
void configure_link(zmq::socket_t& socket, int linger_ms);
/// Why no socket can listen there, and what to do: address_in_use or bad_endpoint.
Failure bind_failure(const std::string& endpoint, const zmq::error_t& error);

}  // namespace leat
