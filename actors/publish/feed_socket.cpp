#include "publish/feed_socket.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <zmq.hpp>

namespace leat {
namespace {

/// Beyond this many prefixes everything counts as wanted, so that subscribers cannot make us hold more.
constexpr std::size_t kPrefixesMax = 10'000;
/// A subscription is a prefix of a topic; nothing longer is let in.
constexpr std::int64_t kSubscriptionBytesMax = 64 << 10;
constexpr int kSubscriptionsAtOnce = 10'000;
constexpr std::int64_t kFeedMessageBytesMax = 1 << 30;
constexpr int kHeartbeatMs = 5000;
constexpr int kPeerSilentMs = 15000;

int to_ms(Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, INT32_MAX));
}

class XpubSocket final : public FeedSocket {
 public:
  explicit XpubSocket(const Options& options) : context_(1), socket_(context_, zmq::socket_type::xpub) {
    // Full queues are reported instead of passed over in silence; `send` decides what then happens.
    socket_.set(zmq::sockopt::xpub_nodrop, true);
    socket_.set(zmq::sockopt::xpub_verbose, true);  // also the second who asks for a prefix is greeted
    socket_.set(zmq::sockopt::sndhwm, static_cast<int>(std::min<std::uint64_t>(options.queue, INT32_MAX)));
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::maxmsgsize, kSubscriptionBytesMax);
    socket_.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
    socket_.set(zmq::sockopt::heartbeat_timeout, kPeerSilentMs);
    if (options.bind.find('[') != std::string::npos) socket_.set(zmq::sockopt::ipv6, true);
    socket_.bind(options.bind);
    endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
  }
  ~XpubSocket() override { close(Duration(0)); }

  const std::string& endpoint() const override { return endpoint_; }

  std::uint64_t read_subscriptions() override {
    zmq::message_t message;
    for (int left = kSubscriptionsAtOnce; left > 0 && socket_.recv(message, zmq::recv_flags::dontwait);
         --left)
      take(message.to_string_view());
    return changes_;
  }

  bool wanted(std::string_view topic) const override {
    return prefixes_.size() >= kPrefixesMax || std::ranges::any_of(prefixes_, [&](const std::string& prefix) {
             return topic.starts_with(prefix);
           });
  }

  bool wait_for_subscriber(Duration most) override {
    const auto until = std::chrono::steady_clock::now() + most;
    for (;;) {
      read_subscriptions();
      const auto left = std::chrono::duration_cast<Duration>(until - std::chrono::steady_clock::now());
      if (!prefixes_.empty() || left <= Duration(0)) return !prefixes_.empty();
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      try {
        zmq::poll(&item, 1, std::chrono::milliseconds(to_ms(left)));
      } catch (const zmq::error_t&) {
        return false;  // a signal: the topology is being stopped
      }
    }
  }

  bool send(std::string_view topic, std::string_view body) override {
    if (send_frames(topic, body)) return true;
    socket_.set(zmq::sockopt::xpub_nodrop, false);
    send_frames(topic, body);
    socket_.set(zmq::sockopt::xpub_nodrop, true);
    return false;
  }

  void close(Duration linger) override {
    if (!socket_) return;
    socket_.set(zmq::sockopt::linger, to_ms(linger));
    socket_.close();
    context_.close();
  }

 private:
  bool send_frames(std::string_view topic, std::string_view body) {
    // When the first frame found room, so does the second: queues count whole messages.
    return zmq_send(socket_.handle(), topic.data(), topic.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
           zmq_send(socket_.handle(), body.data(), body.size(), ZMQ_DONTWAIT) >= 0;
  }

  /// XPUB passes on every subscription to a prefix and the last unsubscription: a set's worth.
  void take(std::string_view message) {
    if (message.empty() || (message[0] != 0 && message[0] != 1)) return;
    ++changes_;
    const std::string_view prefix = message.substr(1);
    const auto found = std::ranges::find(prefixes_, prefix);
    if (message[0] == 0) {
      if (found != prefixes_.end()) prefixes_.erase(found);
    } else if (found == prefixes_.end() && prefixes_.size() < kPrefixesMax) {
      prefixes_.emplace_back(prefix);
    }
  }

  zmq::context_t context_;
  zmq::socket_t socket_;
  std::string endpoint_;
  std::vector<std::string> prefixes_;
  std::uint64_t changes_ = 0;
};

class SubSocket final : public FeedSubscription {
 public:
  SubSocket(const std::string& endpoint, const std::vector<std::string>& topics, int queue)
      : context_(1), socket_(context_, zmq::socket_type::sub), events_(context_, zmq::socket_type::pair) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvhwm, queue);
    socket_.set(zmq::sockopt::maxmsgsize, kFeedMessageBytesMax);
    // Soon there when a publisher starts, and no back-off: one attempt costs next to nothing.
    socket_.set(zmq::sockopt::reconnect_ivl, 50);
    socket_.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
    socket_.set(zmq::sockopt::heartbeat_timeout, kPeerSilentMs);
    if (endpoint.find('[') != std::string::npos) socket_.set(zmq::sockopt::ipv6, true);
    if (topics.empty()) socket_.set(zmq::sockopt::subscribe, "");
    for (const std::string& topic : topics) socket_.set(zmq::sockopt::subscribe, topic);
    if (zmq_socket_monitor(socket_.handle(), kEvents, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != 0)
      throw zmq::error_t();
    events_.set(zmq::sockopt::linger, 0);
    events_.connect(kEvents);
    socket_.connect(endpoint);
  }

  Result<std::optional<Received>> receive(Duration most) override {
    Received received;
    try {
      socket_.set(zmq::sockopt::rcvtimeo, to_ms(most));
      zmq::message_t frame;
      if (!socket_.recv(frame)) return std::optional<Received>();
      received.topic = frame.to_string();
      if (!frame.more()) return fail(Code::malformed_frame, "a message of one frame came; a feed's have two");
      if (!socket_.recv(frame)) return std::optional<Received>();
      received.body = frame.to_string();
      if (!frame.more()) return std::optional(std::move(received));
      while (frame.more() && socket_.recv(frame)) {
      }
      return fail(Code::malformed_frame, "a message of more than two frames came; a feed's have two");
    } catch (const zmq::error_t& error) {
      if (error.num() == EINTR) return std::optional<Received>();
      return fail(Code::unreachable, error.what());
    }
  }

  bool was_connected() override {
    zmq::message_t event;
    while (!connected_ && events_.recv(event, zmq::recv_flags::dontwait)) connected_ = true;
    return connected_;
  }

 private:
  static constexpr const char* kEvents = "inproc://feed-subscription-events";

  zmq::context_t context_;
  zmq::socket_t socket_, events_;
  bool connected_ = false;
};

}  // namespace

Result<std::unique_ptr<FeedSocket>> FeedSocket::open(const Options& options) {
  try {
    return std::make_unique<XpubSocket>(options);
  } catch (const zmq::error_t& error) {
    return bind_failure(options.bind, "bind", error.num());
  }
}

Result<std::unique_ptr<FeedSubscription>> FeedSubscription::open(const std::string& endpoint,
                                                                 const std::vector<std::string>& topics,
                                                                 int queue) {
  try {
    return std::make_unique<SubSocket>(endpoint, topics, queue);
  } catch (const zmq::error_t& error) {
    return fail(
        Code::bad_endpoint,
        fmt::format("cannot connect: {}; an endpoint looks like tcp://127.0.0.1:5556 or ipc:///tmp/feed",
                    error.what()),
        endpoint);
  }
}

Failure bind_failure(const std::string& endpoint, std::string_view option, int error) {
  if (error == EADDRINUSE)
    return fail(Code::address_in_use,
                fmt::format("another program listens there already; stop it, or give `{}` another port "
                            "(`tcp://127.0.0.1:*` takes a free one)",
                            option),
                endpoint);
  return fail(Code::bad_endpoint,
              fmt::format("cannot listen: {}; `{}` needs an address of this machine, such as "
                          "tcp://127.0.0.1:5556, or a path that can be written, such as ipc:///tmp/feed",
                          zmq_strerror(error), option),
              endpoint);
}

std::string connect_address(std::string_view bound) {
  for (const std::string_view any : {"tcp://*:", "tcp://0.0.0.0:", "tcp://[::]:"})
    if (bound.starts_with(any)) return fmt::format("tcp://127.0.0.1:{}", bound.substr(any.size()));
  return std::string(bound);
}

std::string endpoint_problem(std::string_view endpoint) {
  if (endpoint.starts_with("ipc://")) {
    const std::size_t size = endpoint.size() - 6, most = sizeof(sockaddr_un::sun_path) - 1;
    if (size == 0) return "an ipc endpoint needs a path: ipc:///tmp/feed";
    if (size > most) return fmt::format("the path has {} bytes; the system allows {}", size, most);
    return {};
  }
  const std::size_t colon = endpoint.rfind(':');
  if (!endpoint.starts_with("tcp://") || colon < 6 || colon == std::string_view::npos)
    return "an endpoint looks like tcp://127.0.0.1:5556, tcp://*:5556 or ipc:///tmp/feed";
  const std::string_view port = endpoint.substr(colon + 1);
  const bool number = !port.empty() && port.size() <= 5 &&
                      std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  if (port != "*" && (!number || std::stoi(std::string(port)) > 65535))
    return fmt::format("`{}` is no port: 0 to 65535, or * for a free one", port);
  return {};
}

}  // namespace leat
