#include "link/zmq_curve_door.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace leat {
namespace {

constexpr const char* kZap = "inproc://zeromq.zap.01";
constexpr const char* kNews = "inproc://curve-door";
constexpr const char* kDomain = "leat";
// Refuses everybody when no handler answers, where libzmq would let everybody in.
constexpr int kEnforceDomain = 93;
constexpr int kFailures = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
// A peer that is refused comes back many times a second.
constexpr auto kTellAgain = std::chrono::seconds(30);
constexpr std::size_t kTextsMax = 64;

std::vector<std::string> receive_all(zmq::socket_t& socket) {
  std::vector<std::string> frames;
  zmq::message_t frame;
  do {
    if (!socket.recv(frame, frames.empty() ? zmq::recv_flags::dontwait : zmq::recv_flags::none)) break;
    frames.push_back(frame.to_string());
  } while (frame.more());
  return frames;
}

}  // namespace

Result<std::unique_ptr<CurveDoor>> CurveDoor::open(zmq::context_t& context, HostKeys keys, Log log) {
  if (::zmq_has("curve") != 1) return fail(Code::feature_missing, "this libzmq is built without CURVE");
  std::unique_ptr<CurveDoor> door(new CurveDoor(context, std::move(keys), std::move(log)));
  try {
    door->zap_.bind(kZap);
    door->news_.bind(kNews);
  } catch (const zmq::error_t& error) {
    return fail(Code::internal, fmt::format("no ZAP handler: {}", error.what()));
  }
  door->thread_ = std::thread([door = door.get()] { door->run(); });
  return door;
}

CurveDoor::CurveDoor(zmq::context_t& context, HostKeys keys, Log log)
    : context_(context),
      keys_(std::move(keys)),
      log_(std::move(log)),
      zap_(context, zmq::socket_type::rep),
      news_(context, zmq::socket_type::pull) {
  for (zmq::socket_t* socket : {&zap_, &news_}) socket->set(zmq::sockopt::linger, 0);
}

CurveDoor::~CurveDoor() {
  if (!thread_.joinable()) return;
  wake(false);
  thread_.join();
}

Status CurveDoor::guard(zmq::socket_t& socket) {
  const int on = 1;
  if (::zmq_setsockopt(socket.handle(), kEnforceDomain, &on, sizeof on) != 0)
    return fail(Code::feature_missing,
                "this libzmq cannot be told to refuse peers without a key; 4.3.4 of Debian can");
  socket.set(zmq::sockopt::zap_domain, kDomain);
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, keys_.own.secret_key);
  monitor(socket, {});
  return {};
}

void CurveDoor::introduce(zmq::socket_t& socket, const std::string& host) {
  socket.set(zmq::sockopt::curve_serverkey, keys_.known.at(host));
  socket.set(zmq::sockopt::curve_publickey, keys_.own.public_key);
  socket.set(zmq::sockopt::curve_secretkey, keys_.own.secret_key);
  monitor(socket, host);
}

// Heard from before the socket is bound or connected, so that no event is missed; then the thread reads.
void CurveDoor::monitor(zmq::socket_t& socket, const std::string& host) {
  const std::lock_guard lock(mutex_);
  const std::string endpoint = fmt::format("inproc://handshakes-{}", ++monitors_);
  if (::zmq_socket_monitor(socket.handle(), endpoint.c_str(), kFailures) != 0) return;
  Monitor added{host, zmq::socket_t(context_, zmq::socket_type::pair)};
  added.events.set(zmq::sockopt::linger, 0);
  added.events.connect(endpoint);
  arrived_.push_back(std::move(added));
  wake(true);
}

void CurveDoor::wake(bool go_on) {
  zmq::socket_t news(context_, zmq::socket_type::push);
  news.connect(kNews);
  news.send(zmq::buffer(&go_on, go_on ? sizeof go_on : 0), zmq::send_flags::none);
}

void CurveDoor::run() {
  std::vector<zmq::pollitem_t> items;
  while (true) {
    items.assign({{zap_.handle(), 0, ZMQ_POLLIN, 0}, {news_.handle(), 0, ZMQ_POLLIN, 0}});
    for (Monitor& monitor : watched_) items.push_back({monitor.events.handle(), 0, ZMQ_POLLIN, 0});
    zmq::poll(items.data(), items.size(), std::chrono::milliseconds(-1));
    if ((items[0].revents & ZMQ_POLLIN) != 0) answer_one();
    for (std::size_t at = 2; at < items.size(); ++at)
      if ((items[at].revents & ZMQ_POLLIN) != 0) read_event(at - 2);
    if ((items[1].revents & ZMQ_POLLIN) == 0) continue;
    zmq::message_t news;
    if (!news_.recv(news, zmq::recv_flags::dontwait)) continue;
    if (news.size() == 0) break;
    const std::lock_guard lock(mutex_);
    std::ranges::move(arrived_, std::back_inserter(watched_));
    arrived_.clear();
  }
  watched_.clear();
  zap_.close();
  news_.close();
}

// A request: version, number, domain, address, identity, mechanism, and the key as it is.
void CurveDoor::answer_one() {
  const std::vector<std::string> request = receive_all(zap_);
  if (request.size() < 2) return;
  std::string user;
  if (request.size() == 7 && request[5] == "CURVE" && request[6].size() == 32) {
    char key[41];
    ::zmq_z85_encode(key, reinterpret_cast<const std::uint8_t*>(request[6].data()), request[6].size());
    const auto known =
        std::ranges::find(keys_.known, std::string(key), [](const auto& host) { return host.second; });
    if (known != keys_.known.end()) user = known->first;
    if (user.empty())
      tell(LogLevel::warning,
           fmt::format(
               "refused a connection from {}: its public key {} is that of no host here; if it is one of "
               "ours, copy its .pub file here and start again",
               request[3], key));
  }
  const std::array<std::string, 6> answer = {
      request[0], request[1], user.empty() ? "400" : "200", user.empty() ? "unknown key" : "OK", user, ""};
  for (std::size_t at = 0; at < answer.size(); ++at)
    zap_.send(zmq::buffer(answer[at]),
              at + 1 < answer.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
}

void CurveDoor::read_event(std::size_t at) {
  const std::vector<std::string> frames = receive_all(watched_[at].events);
  if (frames.size() != 2 || frames[0].size() != 6) return;
  std::uint16_t event = 0;
  std::uint32_t value = 0;
  std::memcpy(&event, frames[0].data(), sizeof event);
  std::memcpy(&value, frames[0].data() + 2, sizeof value);
  const std::string& host = watched_[at].host;
  if (host.empty()) {
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return;  // told where its key was looked up
    const bool other_key =
        event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL && value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC;
    tell(LogLevel::warning, other_key ? fmt::format("refused a connection to {}: it was meant for another "
                                                    "key than that of `{}`; compare {}.pub "
                                                    "on the other hosts with the one here",
                                                    frames[1], keys_.host, keys_.host)
                                      : fmt::format("refused a connection to {}: it {}", frames[1],
                                                    event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
                                                        ? "does not speak CURVE"
                                                        : "broke off before it had shown a key"));
  } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    tell(LogLevel::error,
         fmt::format("host `{}` refuses the key of `{}`: copy {}.pub to it, and start both again", host,
                     keys_.host, keys_.host));
  } else {
    tell(LogLevel::warning,
         fmt::format(
             "no handshake with host `{}` at {}: perhaps {}.pub here is not its key, or it runs without "
             "CURVE; its own log says more",
             host, frames[1], host));
  }
}

void CurveDoor::tell(LogLevel level, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(told_, [&](const Told& told) { return now - told.when >= kTellAgain; });
  if (told_.size() >= kTextsMax || std::ranges::find(told_, text, &Told::text) != told_.end()) return;
  told_.push_back({text, now});
  log_(level, text);
}

}  // namespace leat
