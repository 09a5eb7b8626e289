#include "publish/feed_replay.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <zmq.hpp>

#include "publish/feed_socket.hpp"

namespace leat {
namespace {

/// A request is a few words; whoever sends more is cut off.
constexpr std::int64_t kRequestBytesMax = 64 << 10;
constexpr int kRequestsWaitingMax = 100, kAnswersWaitingMax = 4;  // per client
/// Of answers that nobody has read yet, all clients together.
constexpr std::size_t kUnreadBytesMax = 32 << 20;
constexpr int kHeartbeatMs = 5000, kPeerSilentMs = 15000;
constexpr const char* kStop = "inproc://feed-replay-stop";

void configure(zmq::socket_t& socket, const std::string& endpoint) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
  socket.set(zmq::sockopt::heartbeat_timeout, kPeerSilentMs);
  if (endpoint.find('[') != std::string::npos) socket.set(zmq::sockopt::ipv6, true);
}

/// An item of the ring while a message of ZeroMQ shows it; freed on a thread of ZeroMQ's.
struct Lent {
  std::shared_ptr<const std::string> body;
  std::shared_ptr<std::atomic<std::size_t>> unread;
};

void give_back(void*, void* hint) {
  const std::unique_ptr<Lent> lent(static_cast<Lent*>(hint));
  lent->unread->fetch_sub(lent->body->size(), std::memory_order_relaxed);
}

class RouterServer final : public FeedReplayServer {
 public:
  explicit RouterServer(Options options)
      : options_(std::move(options)),
        socket_(context_, zmq::socket_type::router),
        stop_(context_, zmq::socket_type::pair),
        stopped_(context_, zmq::socket_type::pair) {
    configure(socket_, options_.bind);
    socket_.set(zmq::sockopt::rcvhwm, kRequestsWaitingMax);
    socket_.set(zmq::sockopt::sndhwm, kAnswersWaitingMax);
    socket_.set(zmq::sockopt::maxmsgsize, kRequestBytesMax);
    socket_.bind(options_.bind);
    endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
    stop_.bind(kStop);
    stopped_.connect(kStop);
    start_thread();
  }
  ~RouterServer() override {
    static_cast<void>(zmq_send(stop_.handle(), "", 0, 0));
    thread_.join();
  }

  const std::string& endpoint() const override { return endpoint_; }
  std::uint64_t requests() const override { return requests_.load(std::memory_order_relaxed); }

 private:
  // Signals are the main thread's.
  void start_thread() {
    sigset_t all, before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { serve(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  // From here on `socket_` and `stopped_` are this thread's.
  void serve() {
    for (;;) {
      zmq_pollitem_t items[] = {{stopped_.handle(), 0, ZMQ_POLLIN, 0}, {socket_.handle(), 0, ZMQ_POLLIN, 0}};
      if (zmq_poll(items, 2, -1) < 0) continue;  // a signal
      if (items[0].revents != 0) break;
      try {
        answer_one();
      } catch (const zmq::error_t&) {
        // The client has gone.
      }
    }
  }

  // One frame from a DEALER, an empty one before it from a REQ.
  void answer_one() {
    std::vector<zmq::message_t> frames(1);
    if (!socket_.recv(frames[0], zmq::recv_flags::dontwait)) return;
    while (frames.back().more() && frames.size() < 4) {
      frames.emplace_back();
      if (!socket_.recv(frames.back())) return;
    }
    const bool too_many = frames.back().more();
    for (zmq::message_t rest; frames.back().more() && socket_.recv(rest) && rest.more();) {
    }
    requests_.fetch_add(1, std::memory_order_relaxed);
    const bool envelope = frames.size() == 3 && frames[1].size() == 0;
    if (too_many || (frames.size() != 2 && !envelope))
      return send_error(frames, false, 0, Code::malformed_frame, "a request is one frame");
    const Result<ReplayRequest> request = read_replay_request(frames.back().to_string_view());
    if (!request) return send_error(frames, envelope, 0, request.error().code, request.error().message);
    if (!request->feed.empty() && request->feed != options_.feed)
      return send_error(frames, envelope, request->id, Code::peer_mismatch,
                        fmt::format("this is feed {}; it was begun anew", options_.feed));
    if (unread_->load(std::memory_order_relaxed) > kUnreadBytesMax)
      return send_error(frames, envelope, request->id, Code::limit_reached,
                        "too many answers wait to be read; ask again later");
    send_answer(frames, envelope, *request);
  }

  ReplayHeader header(std::uint64_t id) const {
    return {.id = id, .feed = options_.feed, .run = options_.run};
  }

  void send_header(std::vector<zmq::message_t>& frames, bool envelope, const ReplayHeader& header,
                   bool more) {
    socket_.send(frames[0], zmq::send_flags::sndmore);
    if (envelope) socket_.send(zmq::message_t(), zmq::send_flags::sndmore);
    socket_.send(zmq::buffer(write_replay_header(header)),
                 more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }

  void send_error(std::vector<zmq::message_t>& frames, bool envelope, std::uint64_t id, Code code,
                  std::string message) {
    ReplayHeader failed = header(id);
    failed.error = describe(code).name;
    failed.message = std::move(message);
    send_header(frames, envelope, failed, false);
  }

  // Without room for it ZeroMQ drops the whole answer: a ROUTER never waits for a client.
  void send_answer(std::vector<zmq::message_t>& frames, bool envelope, const ReplayRequest& request) {
    FeedRing::Answer answer = options_.ring->find(request.query);
    ReplayHeader good = header(request.id);
    good.oldest = answer.oldest;
    good.last = answer.last;
    good.next = answer.next;
    send_header(frames, envelope, good, !answer.items.empty());
    for (std::size_t at = 0; at < answer.items.size(); ++at) {
      FeedRing::Item& item = answer.items[at];
      socket_.send(zmq::buffer(item.topic), zmq::send_flags::sndmore);
      unread_->fetch_add(item.body->size(), std::memory_order_relaxed);
      auto* const lent = new Lent{std::move(item.body), unread_};
      zmq::message_t body(const_cast<char*>(lent->body->data()), lent->body->size(), give_back, lent);
      socket_.send(body, at + 1 < answer.items.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
  }

  const Options options_;
  const std::shared_ptr<std::atomic<std::size_t>> unread_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::uint64_t> requests_{0};
  zmq::context_t context_;
  zmq::socket_t socket_, stop_, stopped_;
  std::string endpoint_;
  std::thread thread_;
};

class DealerClient final : public FeedReplayClient {
 public:
  explicit DealerClient(const std::string& endpoint) : socket_(context_, zmq::socket_type::dealer) {
    configure(socket_, endpoint);
    socket_.set(zmq::sockopt::reconnect_ivl, 50);
    socket_.connect(endpoint);
  }

  Result<FeedReplay> ask(ReplayRequest request, Duration most) override {
    request.id = ++last_id_;
    const auto until = std::chrono::steady_clock::now() + most;
    try {
      socket_.set(zmq::sockopt::sndtimeo, 0);
      if (!socket_.send(zmq::buffer(write_replay_request(request)))) return no_answer();
      for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return no_answer();
        socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(left.count()));
        std::vector<std::string> frames;
        if (!receive(frames)) return no_answer();
        LEAT_TRY_ASSIGN(ReplayHeader header, read_replay_header(frames.front()));
        if (header.id != request.id && header.id != 0) continue;  // of a request that was given up
        return read(std::move(header), frames);
      }
    } catch (const zmq::error_t& error) {
      return fail(Code::unreachable, error.what());
    }
  }

 private:
  static Failure no_answer() { return fail(Code::unreachable, "no answer came in time"); }

  bool receive(std::vector<std::string>& frames) {
    zmq::message_t frame;
    do {
      if (!socket_.recv(frame)) return false;
      frames.push_back(frame.to_string());
    } while (frame.more());
    return true;
  }

  static Result<FeedReplay> read(ReplayHeader header, std::vector<std::string>& frames) {
    if (!header.error.empty()) return fail(Code::unreachable, header.message);
    if (frames.size() % 2 == 0) return fail(Code::malformed_frame, "an answer has a topic without its body");
    FeedReplay replay{.header = std::move(header), .messages = {}};
    for (std::size_t at = 1; at < frames.size(); at += 2)
      replay.messages.push_back({std::move(frames[at]), std::move(frames[at + 1])});
    return replay;
  }

  zmq::context_t context_;
  zmq::socket_t socket_;
  std::uint64_t last_id_ = 0;
};

constexpr std::string_view kTcp = "tcp://";

}  // namespace

Result<std::unique_ptr<FeedReplayServer>> FeedReplayServer::open(Options options) {
  const std::string bind = options.bind;
  try {
    return std::make_unique<RouterServer>(std::move(options));
  } catch (const zmq::error_t& error) {
    return bind_failure(bind, "replay.bind", error.num());
  }
}

Result<std::unique_ptr<FeedReplayClient>> FeedReplayClient::open(const std::string& endpoint) {
  try {
    return std::make_unique<DealerClient>(endpoint);
  } catch (const zmq::error_t& error) {
    return fail(Code::bad_endpoint, fmt::format("cannot connect: {}", error.what()), endpoint);
  }
}

std::string replay_bind(std::string_view bind) {
  if (bind.starts_with(kTcp)) return fmt::format("{}:*", bind.substr(0, bind.rfind(':')));
  std::string beside = fmt::format("{}.replay", bind);
  const bool good = bind != "ipc://*" && endpoint_problem(beside).empty();
  return good ? beside : "ipc://*";  // a path that ZeroMQ chooses
}

std::string replay_address(std::string_view bound) {
  for (const std::string_view any : {"tcp://0.0.0.0:", "tcp://[::]:"})
    if (bound.starts_with(any)) return fmt::format("tcp://*:{}", bound.substr(any.size()));
  return std::string(bound);
}

std::string replay_endpoint(std::string_view address, std::string_view feed_endpoint) {
  constexpr std::string_view kAny = "tcp://*";
  if (!address.starts_with(kAny)) return std::string(address);
  if (!feed_endpoint.starts_with(kTcp)) return connect_address(address);
  return fmt::format("{}{}", feed_endpoint.substr(0, feed_endpoint.rfind(':')), address.substr(kAny.size()));
}

}  // namespace leat
