#include "link/zmq_outbox.hpp"

#include <fmt/format.h>

#include <cstring>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace leat {
namespace {

constexpr int kCloseLingerMs = 1000;

// ThreadSanitizer does not see libzmq's synchronisation, so it is told where messages change hands.
#ifdef __SANITIZE_THREAD__
void give(void* messages) {
  __tsan_release(messages);
}
void take_over(void* messages) {
  __tsan_acquire(messages);
}
#else
void give(void*) {}
void take_over(void*) {}
#endif

}  // namespace

Failure bind_failure(const std::string& endpoint, const zmq::error_t& error) {
  if (error.num() == EADDRINUSE)
    return fail(Code::address_in_use,
                "another program listens there already; stop it, or choose another port under `deploy.hosts`",
                endpoint);
  return fail(
      Code::bad_endpoint,
      fmt::format("cannot listen: {}; check the address of this host under `deploy.hosts`", error.what()),
      endpoint);
}

void configure_link(zmq::socket_t& socket, int linger_ms) {
  socket.set(zmq::sockopt::linger, linger_ms);
  socket.set(zmq::sockopt::sndhwm, 0);
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kFrameBytesMax));
  socket.set(zmq::sockopt::reconnect_ivl, 20);
  socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
  socket.set(zmq::sockopt::handshake_ivl, 3000);
}

zmq::socket_t& Outbox::socket(ZmqContext& context) {
  if (!socket_) {
    socket_ = zmq::socket_t(context.get(), zmq::socket_type::push);
    configure_link(socket_, local() ? 0 : kCloseLingerMs);
    context.before_connect(socket_, endpoint_, host_);
    socket_.connect(endpoint_);
  }
  return socket_;
}

void Outbox::add(Message&& message, ZmqContext& context, FrameWriter& writer) {
  if (!local()) return add_frame(message, context, writer);
  messages_.push_back(std::move(message));
  if (messages_.size() == kBundleMessagesMax) flush(context);
}

void Outbox::add_frame(const Message& message, ZmqContext& context, FrameWriter& writer) {
  const std::size_t size = writer.prepare(message);
  if (bytes_used_ + size > kBundleBytesMax) flush(context);
  if (size > kBundleBytesMax) {
    zmq::message_t alone(size);
    writer.write(message, static_cast<std::byte*>(alone.data()));
    socket(context).send(std::move(alone), zmq::send_flags::dontwait);
    return;
  }
  if (!bytes_) bytes_ = std::make_unique_for_overwrite<std::byte[]>(kBundleBytesMax);
  writer.write(message, bytes_.get() + bytes_used_);
  bytes_used_ += size;
}

void Outbox::flush(ZmqContext& context) {
  if (!messages_.empty()) {
    auto messages = std::make_unique<std::vector<Message>>(std::move(messages_));
    messages_.reserve(messages->size());
    const Bundle bundle{messages.get(), cookie_};
    give(bundle.messages);
    if (socket(context).send(zmq::const_buffer(&bundle, sizeof bundle), zmq::send_flags::dontwait))
        [[maybe_unused]]
      const auto* theirs = messages.release();
  }
  if (bytes_used_ != 0) {
    // Copied, so that what waits in ZeroMQ takes no more room than it needs.
    socket(context).send(zmq::const_buffer(bytes_.get(), bytes_used_), zmq::send_flags::dontwait);
    bytes_used_ = 0;
  }
}

std::unique_ptr<std::vector<Message>> Bundle::take(const zmq::message_t& received, std::uint64_t cookie) {
  Bundle bundle;
  if (received.size() != sizeof bundle || received.more()) return nullptr;
  std::memcpy(&bundle, received.data(), sizeof bundle);
  if (bundle.cookie != cookie) return nullptr;
  take_over(bundle.messages);
  return std::unique_ptr<std::vector<Message>>(bundle.messages);
}

}  // namespace leat
