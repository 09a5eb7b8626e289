#include "link/zmq_transport.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>

#include "link/zmq_curve_door.hpp"
#include "link/zmq_outbox.hpp"

namespace leat {
namespace {

constexpr int kSocketsMax = 65536;  // one per pair of workers
constexpr Duration kSpin{50};
// libzmq asks the kernel for each look into an empty inbox. One that was empty a moment ago is not looked
// into again while its worker goes through the turns that follow a message.
constexpr auto kEmptyFor = std::chrono::microseconds(10);

}  // namespace

ZmqContext::ZmqContext() : context_(std::make_unique<zmq::context_t>(1)) {
  context_->set(zmq::ctxopt::max_sockets, kSocketsMax);
}

ZmqContext::~ZmqContext() = default;

Status ZmqContext::encrypt(const HostKeys& keys, std::function<void(LogLevel, const std::string&)> log) {
  LEAT_TRY_ASSIGN(door_, CurveDoor::open(*context_, keys, std::move(log)));
  return {};
}

Status ZmqContext::before_bind(zmq::socket_t& socket, const std::string& endpoint) {
  return door_ != nullptr && endpoint.starts_with("tcp:") ? door_->guard(socket) : Status();
}

void ZmqContext::before_connect(zmq::socket_t& socket, const std::string& endpoint, const std::string& host) {
  if (door_ != nullptr && endpoint.starts_with("tcp:")) door_->introduce(socket, host);
}

struct ZmqTransport::Impl {
  ZmqContext* context = nullptr;
  Options options;
  zmq::socket_t inbox;  // from other processes, and from this one when bound to inproc
  std::vector<Outbox> outboxes;
  std::vector<std::uint32_t> unflushed;  // outboxes with messages
  int wake_fd = -1;
  std::atomic<bool> woken{false};
  FrameWriter writer;
  std::unique_ptr<std::vector<Message>> bundle;  // of this process, partly handed out
  std::size_t bundle_next = 0;
  Memory received;                    // of another process, partly decoded
  std::span<const std::byte> frames;  // what is left of it
  std::uint64_t malformed = 0;
  std::string malformed_reason;
  std::vector<pollfd> items;
  // The last look into the inbox found nothing, and its descriptor has not said otherwise. At first, too: a
  // worker without channels never looks, and sleeps all the same.
  bool empty = true;
  Instant looked{};

  ~Impl() {
    if (inbox) {
      Message message;
      while (take(message)) {
      }
      inbox.close();
    }
    if (wake_fd >= 0) ::close(wake_fd);
  }

  bool take(Message& message);
  bool take_from_bundle(Message& message);
  bool take_from_frames(Message& message);
  void accept_frames(zmq::message_t& message);
  void refuse(std::string reason);
  bool poll(Duration timeout, std::span<const int> readable);
};

Result<std::unique_ptr<ZmqTransport>> ZmqTransport::open(ZmqContext& context, Options options) {
  auto impl = std::make_unique<Impl>();
  impl->context = &context;
  impl->options = std::move(options);
  for (const Peer& peer : impl->options.peers)
    impl->outboxes.emplace_back(peer.endpoint, peer.host, peer.same_process ? impl->options.cookie : 0);
  impl->wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const Endpoints& endpoints = impl->options.endpoints;
  const std::string* binding = &endpoints.inproc;
  try {
    impl->inbox = zmq::socket_t(context.get(), zmq::socket_type::pull);
    configure_link(impl->inbox, 0);
    LEAT_TRY(context.before_bind(impl->inbox, endpoints.remote));
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

void ZmqTransport::send(std::uint32_t worker, Message&& message) {
  impl_->outboxes[worker].add(std::move(message), *impl_->context, impl_->writer);
  if (std::ranges::find(impl_->unflushed, worker) == impl_->unflushed.end())
    impl_->unflushed.push_back(worker);
}

void ZmqTransport::flush() {
  for (const std::uint32_t worker : impl_->unflushed) impl_->outboxes[worker].flush(*impl_->context);
  impl_->unflushed.clear();
}

bool ZmqTransport::receive(Message& message) {
  return impl_->take(message);
}

bool ZmqTransport::Impl::take(Message& message) {
  if (take_from_bundle(message) || take_from_frames(message)) return true;
  if (empty && std::chrono::steady_clock::now() - looked < kEmptyFor) return false;
  zmq::message_t next;
  while (inbox.recv(next, zmq::recv_flags::dontwait)) {
    empty = false;
    bundle = Bundle::take(next, options.cookie);
    bundle_next = 0;
    if (!bundle) accept_frames(next);
    if (take_from_bundle(message) || take_from_frames(message)) return true;
  }
  empty = true;
  looked = std::chrono::steady_clock::now();
  return false;
}

bool ZmqTransport::Impl::take_from_bundle(Message& message) {
  if (!bundle) return false;
  // What another core has written comes slowly: it is fetched while the messages before it are handled.
  constexpr std::size_t kAhead = 4;
  if (bundle_next + 2 * kAhead < bundle->size()) __builtin_prefetch(&(*bundle)[bundle_next + 2 * kAhead]);
  if (bundle_next + kAhead < bundle->size()) (*bundle)[bundle_next + kAhead].batch.prefetch();
  message = std::move((*bundle)[bundle_next++]);
  if (bundle_next == bundle->size()) bundle.reset();
  return true;
}

void ZmqTransport::Impl::accept_frames(zmq::message_t& message) {
  const bool multipart = message.more();
  for (zmq::message_t rest; message.more() && inbox.recv(rest, zmq::recv_flags::dontwait) && rest.more();) {
  }
  if (multipart) return refuse("more than one part");
  if (message.size() == 0) return refuse("empty");
  const auto kept = std::make_shared<zmq::message_t>(std::move(message));
  received = Memory::hold(kept);
  frames = {static_cast<const std::byte*>(kept->data()), kept->size()};
}

// One malformed frame condemns what follows it in the same message.
bool ZmqTransport::Impl::take_from_frames(Message& message) {
  if (frames.empty()) return false;
  Result<std::span<const std::byte>> frame = next_frame(frames);
  Result<Message> decoded =
      frame ? decode(*frame, options.schemas, received) : Result<Message>(Failure(frame.error()));
  if (!decoded) frames = {};
  if (frames.empty()) received = {};
  if (!decoded) {
    refuse(decoded.error().message);
    return false;
  }
  message = *std::move(decoded);
  return true;
}

void ZmqTransport::Impl::refuse(std::string reason) {
  ++malformed;
  malformed_reason = std::move(reason);
}

// ppoll on the inbox's descriptor instead of zmq_poll, which counts in milliseconds: linger and paced sources
// are finer. The descriptor signals what comes into an inbox that has been seen empty.
bool ZmqTransport::Impl::poll(Duration timeout, std::span<const int> readable) {
  if (!empty) return true;
  items.clear();
  items.push_back({inbox.get(zmq::sockopt::fd), POLLIN, 0});
  items.push_back({wake_fd, POLLIN, 0});
  for (const int fd : readable) items.push_back({fd, POLLIN, 0});
  const timespec limit{timeout.count() / 1'000'000, timeout.count() % 1'000'000 * 1000};
  const int ready = ::ppoll(items.data(), items.size(), timeout.count() < 0 ? nullptr : &limit, nullptr);
  empty = ready <= 0 || items[0].revents == 0;
  if (empty) looked = std::chrono::steady_clock::now();
  return ready > 0;
}

void ZmqTransport::wait(Duration timeout, std::span<const int> readable) {
  if (impl_->bundle || !impl_->frames.empty()) return;
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
