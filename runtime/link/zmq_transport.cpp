#include "link/zmq_transport.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <zmq.hpp>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace leat {
namespace {

constexpr int kCloseLingerMs = 1000;
constexpr int kSocketsMax = 65536;  // one per pair of workers
constexpr Duration kSpin{50};

// What an in-process message is: the address of a Message that the receiver takes over. Fits a zmq message
// without an allocation of its own. The cookie is a secret of this process, because the inbox hears other
// processes too and no frame of theirs may ever be taken for an address.
struct Handle {
  Message* message;
  std::uint64_t cookie;
};

// ThreadSanitizer does not see libzmq's synchronisation, so it is told where a message changes hands.
#ifdef __SANITIZE_THREAD__
void give(Message* message) {
  __tsan_release(message);
}
void take_over(Message* message) {
  __tsan_acquire(message);
}
#else
void give(Message*) {}
void take_over(Message*) {}
#endif

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

}  // namespace

ZmqContext::ZmqContext() : context_(std::make_unique<zmq::context_t>(1)) {
  context_->set(zmq::ctxopt::max_sockets, kSocketsMax);
}

ZmqContext::~ZmqContext() = default;

struct ZmqTransport::Impl {
  zmq::context_t* context = nullptr;
  Options options;
  zmq::socket_t inbox;  // from other processes, and from this one when bound to inproc
  std::vector<zmq::socket_t> peers;
  int wake_fd = -1;
  std::atomic<bool> woken{false};
  FrameWriter writer;
  std::uint64_t malformed = 0;
  std::string malformed_reason;
  std::vector<pollfd> items;

  ~Impl() {
    if (inbox) {
      Message message;
      while (take(message)) {
      }
      inbox.close();
    }
    if (wake_fd >= 0) ::close(wake_fd);
  }

  zmq::socket_t& peer(std::uint32_t worker) {
    zmq::socket_t& socket = peers[worker];
    if (!socket) {
      socket = zmq::socket_t(*context, zmq::socket_type::push);
      configure_link(socket, options.peers[worker].same_process ? 0 : kCloseLingerMs);
      socket.connect(options.peers[worker].endpoint);
    }
    return socket;
  }

  bool take(Message& message);
  bool decode_frame(zmq::message_t& received, Message& message);
  bool poll(Duration timeout, std::span<const int> readable);
};

Result<std::unique_ptr<ZmqTransport>> ZmqTransport::open(zmq::context_t& context, Options options) {
  auto impl = std::make_unique<Impl>();
  impl->context = &context;
  impl->options = std::move(options);
  impl->peers.resize(impl->options.peers.size());
  impl->wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const Endpoints& endpoints = impl->options.endpoints;
  const std::string* binding = &endpoints.inproc;
  try {
    impl->inbox = zmq::socket_t(context, zmq::socket_type::pull);
    configure_link(impl->inbox, 0);
    impl->inbox.bind(endpoints.inproc);
    binding = &endpoints.remote;
    if (!endpoints.remote.empty()) impl->inbox.bind(endpoints.remote);
  } catch (const zmq::error_t& error) {
    return bind_failure(*binding, error);
  }
  return std::unique_ptr<ZmqTransport>(new ZmqTransport(std::move(impl)));
}

ZmqTransport::ZmqTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZmqTransport::~ZmqTransport() = default;

void ZmqTransport::send(std::uint32_t worker, Message message) {
  zmq::socket_t& socket = impl_->peer(worker);
  if (impl_->options.peers[worker].same_process) {
    const Handle handle{new Message(std::move(message)), impl_->options.cookie};
    give(handle.message);
    socket.send(zmq::const_buffer(&handle, sizeof handle), zmq::send_flags::dontwait);
    return;
  }
  zmq::message_t frame(impl_->writer.prepare(message));
  impl_->writer.write(message, static_cast<std::byte*>(frame.data()));
  socket.send(std::move(frame), zmq::send_flags::dontwait);
}

bool ZmqTransport::receive(Message& message) {
  return impl_->take(message);
}

bool ZmqTransport::Impl::take(Message& message) {
  zmq::message_t first;
  while (inbox.recv(first, zmq::recv_flags::dontwait)) {
    if (first.size() == sizeof(Handle) && !first.more()) {
      Handle handle;
      std::memcpy(&handle, first.data(), sizeof handle);
      if (handle.cookie == options.cookie) {
        take_over(handle.message);
        const std::unique_ptr<Message> owned(handle.message);
        message = std::move(*owned);
        return true;
      }
    }
    if (decode_frame(first, message)) return true;
  }
  return false;
}

bool ZmqTransport::Impl::decode_frame(zmq::message_t& received, Message& message) {
  const bool multipart = received.more();
  for (zmq::message_t rest; received.more() && inbox.recv(rest, zmq::recv_flags::dontwait) && rest.more();) {
  }
  auto frame = std::make_shared<zmq::message_t>(std::move(received));
  const std::span bytes(static_cast<const std::byte*>(frame->data()), frame->size());
  Result<Message> decoded = multipart ? Result<Message>(fail(Code::malformed_frame, "more than one frame"))
                                      : decode(bytes, options.schemas, std::move(frame));
  if (!decoded) {
    ++malformed;
    malformed_reason = decoded.error().message;
    return false;
  }
  message = *std::move(decoded);
  return true;
}

// ppoll on the inbox's descriptor instead of zmq_poll, which counts in milliseconds: linger and paced sources
// are finer. The descriptor signals edges only, so the socket's state is asked first.
bool ZmqTransport::Impl::poll(Duration timeout, std::span<const int> readable) {
  if ((inbox.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) return true;
  items.clear();
  items.push_back({inbox.get(zmq::sockopt::fd), POLLIN, 0});
  items.push_back({wake_fd, POLLIN, 0});
  for (const int fd : readable) items.push_back({fd, POLLIN, 0});
  const timespec limit{timeout.count() / 1'000'000, timeout.count() % 1'000'000 * 1000};
  return ::ppoll(items.data(), items.size(), timeout.count() < 0 ? nullptr : &limit, nullptr) > 0;
}

void ZmqTransport::wait(Duration timeout, std::span<const int> readable) {
  if (impl_->options.spin) {
    const Duration spin = timeout.count() < 0 ? kSpin : std::min(timeout, kSpin);
    const Instant end = std::chrono::steady_clock::now() + spin;
    while (!impl_->woken.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < end)
      if (impl_->poll(Duration(0), readable)) return;
  }
  if (!impl_->woken.load(std::memory_order_acquire)) impl_->poll(timeout, readable);
  if (impl_->woken.exchange(false, std::memory_order_acq_rel)) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto ignored = ::read(impl_->wake_fd, &count, sizeof count);
  }
}

void ZmqTransport::wake() {
  if (impl_->woken.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(impl_->wake_fd, &one, sizeof one);
}

std::uint64_t ZmqTransport::malformed_count() const {
  return impl_->malformed;
}
const std::string& ZmqTransport::malformed_reason() const {
  return impl_->malformed_reason;
}

}  // namespace leat
