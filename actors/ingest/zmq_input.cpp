#include "ingest/zmq_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <leat/codec.hpp>
#include <zmq.hpp>

#include "ingest/log_source.hpp"

namespace leat {
namespace {

constexpr std::size_t kMessagesHeld = 1000;
constexpr auto kRetry = std::chrono::milliseconds(20);
constexpr auto kStopTime = std::chrono::seconds(5);
constexpr int kLingerMs = 1000;
// Replies that wait for a peer which does not read them; further ones it will miss.
constexpr int kRepliesHeld = 100'000;

std::string_view text_of(const zmq::message_t& frame) {
  return {static_cast<const char*>(frame.data()), frame.size()};
}

/// One message: its rows, and who is to be answered.
struct Arrived {
  std::vector<zmq::message_t> route;  // ROUTER: identity and, if it came, the empty frame
  std::vector<zmq::message_t> rows;
};

class Input final : public ZmqInput {
 public:
  Input(const ZmqInputOptions& options, IngestLog& log, Check check)
      : options_(options),
        log_(log),
        check_(std::move(check)),
        context_(1),
        socket_(context_, options.mode == ZmqMode::pull ? zmq::socket_type::pull : zmq::socket_type::router) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndhwm, kRepliesHeld);
    socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(options.message_bytes_max));
    if (options.bind.find('[') != std::string::npos) socket_.set(zmq::sockopt::ipv6, true);
    socket_.bind(options.bind);
    endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
  }
  ~Input() override { stop(); }

  void run_thread() {
    thread_ = std::thread([this] {
      try {
        run();
        end({});
      } catch (const zmq::error_t& error) {
        end(fail(Code::internal, fmt::format("ZeroMQ: {}", error.what()), endpoint_));
      }
      log_.flush();
    });
  }

  const std::string& endpoint() const override { return endpoint_; }
  void wake() override { wake_.wake(); }
  void stop() override {
    stopping_ = true;
    wake_.wake();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Waiting {
    std::uint64_t after;
    std::vector<zmq::message_t> route;
    std::string reply;
  };

  void run();
  void poll(std::chrono::milliseconds most);
  bool receive();
  bool take(Arrived& arrived);
  void answer(std::vector<zmq::message_t> route, std::string_view reply);
  void answer_durable();

  const ZmqInputOptions options_;
  IngestLog& log_;
  const Check check_;
  WakeFd wake_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  std::string endpoint_;
  std::deque<Arrived> held_;  // arrived, and not in the log yet
  std::deque<Waiting> waiting_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

void Input::run() {
  Instant stop_at = Instant::max();
  for (;;) {
    const bool stopping = stopping_;
    if (stopping && stop_at == Instant::max()) stop_at = std::chrono::steady_clock::now() + kStopTime;
    bool more = true;
    while (more && held_.size() < kMessagesHeld) more = receive();
    while (!held_.empty() && take(held_.front())) held_.pop_front();
    if (!more) log_.flush();
    answer_durable();
    const bool dead = !log_.health();
    const bool done = held_.empty() && waiting_.empty() && !more;
    if (dead || (stopping && (done || std::chrono::steady_clock::now() > stop_at))) break;
    if (!held_.empty())
      poll(kRetry);
    else if (!more)
      poll(stopping ? std::chrono::milliseconds(kRetry) : std::chrono::milliseconds(1000));
  }
  socket_.set(zmq::sockopt::linger, kLingerMs);  // the last replies; a PULL socket has nothing to send
  socket_.close();
}

// While records wait for room nothing is received: the senders' queues fill, and they wait.
void Input::poll(std::chrono::milliseconds most) {
  zmq::pollitem_t items[] = {{nullptr, wake_.fd(), ZMQ_POLLIN, 0}, {socket_.handle(), 0, ZMQ_POLLIN, 0}};
  zmq::poll(items, held_.empty() ? 2 : 1, most);
  wake_.clear();
}

bool Input::receive() {
  Arrived arrived;
  bool routing = options_.mode == ZmqMode::reply;
  for (bool first = true;; first = false) {
    zmq::message_t frame;
    if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
    const bool more = frame.more();
    const bool delimiter = routing && !first && frame.size() == 0;
    if (routing && (first || delimiter))
      arrived.route.push_back(std::move(frame));
    else
      arrived.rows.push_back(std::move(frame));
    if (delimiter || (!first && routing)) routing = false;
    if (!more) break;
  }
  if (!arrived.rows.empty() || !arrived.route.empty()) held_.push_back(std::move(arrived));
  return true;
}

std::string problem_reply(const Error& error, std::size_t row) {
  std::string reply = fmt::format("{{\"error\":\"{}\",", describe(error.code).name);
  if (row > 0) reply += fmt::format("\"row\":{},", row);
  reply += "\"message\":";
  write_json_string(error.message, reply);
  return reply + "}";
}

// False: there is no room, and the message stays where it is.
bool Input::take(Arrived& arrived) {
  const bool replies = options_.mode == ZmqMode::reply;
  std::vector<IngestLog::Entry> entries;
  for (const zmq::message_t& frame : arrived.rows) {
    const std::string_view bytes = text_of(frame);
    if (replies)
      if (const Status good = check_(bytes); !good) {
        answer(std::move(arrived.route), problem_reply(good.error(), entries.size() + 1));
        return true;
      }
    const bool json = !bytes.empty() && (bytes.front() == '{' || bytes.front() == ' ');
    entries.push_back({bytes, static_cast<std::uint32_t>(json ? RecordTag::json : RecordTag::msgpack)});
  }
  const auto end = log_.append(entries);
  if (!end && replies) {
    const bool busy = end.error().code == Code::limit_reached || end.error().code == Code::storage_full;
    answer(std::move(arrived.route),
           problem_reply({end.error().code, busy ? "no room now; try again later" : "can't be kept", {}}, 0));
    return true;
  }
  if (!end)
    return end.error().code == Code::too_large;  // no room: keep it; larger than the log: it has no outcome
  if (replies)
    waiting_.push_back(
        {*end, std::move(arrived.route),
         fmt::format("{{\"accepted\":{},\"offset\":{}}}", entries.size(), *end - entries.size())});
  return true;
}

void Input::answer(std::vector<zmq::message_t> route, std::string_view reply) {
  for (zmq::message_t& frame : route)
    if (!socket_.send(frame, zmq::send_flags::sndmore | zmq::send_flags::dontwait)) return;
  [[maybe_unused]] const auto sent = socket_.send(zmq::buffer(reply), zmq::send_flags::dontwait);
}

void Input::answer_durable() {
  const std::uint64_t durable = log_.durable();
  const Status health = log_.health();
  while (!waiting_.empty() && (waiting_.front().after <= durable || !health)) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    answer(std::move(next.route), next.after <= durable
                                      ? next.reply
                                      : problem_reply({Code::storage_failed, "can't be kept", {}}, 0));
  }
}

}  // namespace

Result<std::unique_ptr<ZmqInput>> ZmqInput::start(const ZmqInputOptions& options, IngestLog& log,
                                                  Check check) {
  try {
    auto input = std::make_unique<Input>(options, log, std::move(check));
    input->run_thread();
    return std::unique_ptr<ZmqInput>(std::move(input));
  } catch (const zmq::error_t& error) {
    if (error.num() == EADDRINUSE)
      return fail(Code::address_in_use, "another program listens there; stop it, or choose another port",
                  options.bind);
    return fail(Code::bad_endpoint, fmt::format("can't listen: {}", error.what()), options.bind);
  }
}

std::string zmq_bind_problem(std::string_view endpoint) {
  if (endpoint.starts_with("ipc://")) return endpoint.size() > 6 ? "" : "a path is missing";
  if (!endpoint.starts_with("tcp://")) return "write tcp://ADDRESS:PORT or ipc://PATH";
  const std::size_t colon = endpoint.rfind(':');
  const std::string_view port = endpoint.substr(colon + 1);
  const bool number = !port.empty() && port.size() <= 5 &&
                      std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  if (colon < 6 || (port != "*" && !number))
    return "a port is missing: tcp://127.0.0.1:5557; `*` is a free one";
  return {};
}

}  // namespace leat
