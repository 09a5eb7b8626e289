// Follows a Leat feed: subscribe ENDPOINT [TOPIC]. Format: docs/wire-format.md.
#define MSGPACK_NO_BOOST
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <msgpack.hpp>
#include <string>
#include <zmq.hpp>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: subscribe ENDPOINT [TOPIC]\n";
    return 64;
  }
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::sub);
  socket.connect(argv[1]);
  socket.set(zmq::sockopt::subscribe, argc > 2 ? argv[2] : "");

  std::string feed;
  std::map<std::string, std::uint64_t> last;
  for (;;) {
    zmq::message_t frame;
    if (!socket.recv(frame)) continue;
    const std::string topic = frame.to_string();
    if (!frame.more() || !socket.recv(frame)) continue;

    const msgpack::object_handle body = msgpack::unpack(static_cast<const char*>(frame.data()), frame.size());
    const auto message = body->as<std::map<std::string, msgpack::object>>();
    const bool item = message.contains("row");  // a head has none
    const auto seq = message.at("seq").as<std::uint64_t>();
    if (message.at("feed").as<std::string>() != feed) {  // joined, or the publisher was started anew
      feed = message.at("feed").as<std::string>();
      last.clear();
    }
    const std::uint64_t before = item ? seq - 1 : seq;  // the number that should have come last
    std::uint64_t& known = last.try_emplace(topic, before).first->second;
    if (before > known) std::cerr << "gap: " << topic << " missed " << before - known << std::endl;
    const bool fresh = seq > known;  // else it comes again, after a failure
    known = std::max(known, seq);
    if (item && fresh) std::cout << message.at("row") << std::endl;  // msgpack-c prints values as JSON does
  }
}
