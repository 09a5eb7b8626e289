// Follows a Leat feed and misses nothing: follow ENDPOINT [TOPIC]. Format: docs/wire-format.md.
// subscribe.cpp notices gaps; this one also asks for what is missing, and passes over what comes again.
#define MSGPACK_NO_BOOST
#include <cstdint>
#include <iostream>
#include <map>
#include <msgpack.hpp>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

namespace {

using Frames = std::vector<std::string>;

/// A MessagePack map and what lies in it.
struct Message {
  explicit Message(const std::string& bytes)
      : handle(msgpack::unpack(bytes.data(), bytes.size())),
        map(handle->as<std::map<std::string, msgpack::object>>()) {}
  std::uint64_t number(const char* key) const { return map.at(key).as<std::uint64_t>(); }
  std::string text(const char* key) const { return map.contains(key) ? map.at(key).as<std::string>() : ""; }
  bool is_item() const { return map.contains("row"); }  // a head has none

  msgpack::object_handle handle;
  std::map<std::string, msgpack::object> map;
};

/// All frames of one message; nothing when the socket's time is up.
std::optional<Frames> receive(zmq::socket_t& socket) {
  Frames frames;
  zmq::message_t frame;
  do {
    if (!socket.recv(frame)) return std::nullopt;
    frames.push_back(frame.to_string());
  } while (frame.more());
  return frames;
}

class Follower {
 public:
  Follower(zmq::context_t& context, std::string endpoint)
      : context_(context), endpoint_(std::move(endpoint)) {}

  void take(const Frames& frames) {
    const Message message(frames[1]);
    if (message.text("feed") != feed_) last_.clear();  // joined, or begun anew: its numbers begin with 1
    if (message.text("feed") != feed_ || message.number("run") != run_) known_ = false;
    feed_ = message.text("feed");
    run_ = message.number("run");
    if (!message.is_item()) {
      known_ = true;
      if (const std::string address = message.text("replay"); !address.empty()) connect_side(address);
    }
    waiting_.push_back(frames);  // until a head has said whom to ask for what is missing
    if (!known_ && waiting_.size() < 10'000) return;
    for (const Frames& one : waiting_) handle(one[0], Message(one[1]));
    waiting_.clear();
  }

 private:
  void connect_side(std::string address) {
    if (side_ && address == side_address_) return;
    side_address_ = address;
    constexpr std::string_view kAny = "tcp://*";  // the host that the feed was found at
    if (address.starts_with(kAny)) address.replace(0, kAny.size(), endpoint_.substr(0, endpoint_.rfind(':')));
    side_.emplace(context_, zmq::socket_type::dealer);
    side_->set(zmq::sockopt::linger, 0);
    side_->set(zmq::sockopt::rcvtimeo, 2000);
    side_->connect(address);
  }

  void handle(const std::string& topic, const Message& message) {
    const std::uint64_t seq = message.number("seq");
    const std::uint64_t before = message.is_item() ? seq - 1 : seq;  // should have come last
    std::uint64_t& last = last_.try_emplace(topic, before).first->second;
    if (before > last) {
      const std::uint64_t missed = fetch(topic, last, before);
      if (missed > 0) std::cerr << "gap: " << topic << " missed " << missed << std::endl;
      last = before;
    }
    if (message.is_item() && seq > last) show(message, last);  // else it has come before
  }

  static void show(const Message& message, std::uint64_t& last) {
    last = message.number("seq");
    std::cout << message.map.at("row") << std::endl;  // msgpack-c prints values as JSON does
  }

  /// Shows what follows `last` up to `end`, as far as the publisher still has it; how many it has not.
  std::uint64_t fetch(const std::string& topic, std::uint64_t& last, std::uint64_t end) {
    const std::uint64_t begin = last;
    std::uint64_t gone = 0;
    while (side_ && last < end) {
      msgpack::sbuffer request;
      msgpack::packer<msgpack::sbuffer> packer(request);
      packer.pack_map(5);
      packer.pack("id"), packer.pack(++requests_), packer.pack("feed"), packer.pack(feed_);
      packer.pack("topic"), packer.pack(topic), packer.pack("from"), packer.pack(last + 1);
      packer.pack("to"), packer.pack(end);
      side_->send(zmq::buffer(request.data(), request.size()), zmq::send_flags::none);
      std::optional<Frames> answer = receive(*side_);
      while (answer && Message(answer->front()).number("id") != requests_) answer = receive(*side_);
      if (!answer || answer->size() < 3) break;
      for (std::size_t at = 2; at < answer->size(); at += 2) {
        const Message item((*answer)[at]);
        gone += item.number("seq") - last - 1;
        show(item, last);
      }
    }
    if (last > begin) std::cerr << "recovered: " << topic << " up to " << last << std::endl;
    return gone + end - last;
  }

  zmq::context_t& context_;
  const std::string endpoint_;
  std::string feed_, side_address_;
  std::uint64_t run_ = 0, requests_ = 0;
  bool known_ = false;  // whom to ask, in this run
  std::map<std::string, std::uint64_t> last_;
  std::vector<Frames> waiting_;
  std::optional<zmq::socket_t> side_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: follow ENDPOINT [TOPIC]\n";
    return 64;
  }
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::sub);
  socket.connect(argv[1]);
  socket.set(zmq::sockopt::subscribe, argc > 2 ? argv[2] : "");
  Follower follower(context, argv[1]);
  for (;;)
    if (const auto frames = receive(socket); frames && frames->size() == 2) follower.take(*frames);
}
