#include <atomic>
#include <cstdint>
#include <future>
#include <thread>
#include <zmq.hpp>

#include "common/clock.hpp"
#include "common/pin.hpp"
#include "common/temp_dir.hpp"
#include "limits/limits.hpp"

// libzmq with no user work at all: PUSH to PULL, default high-water marks, as libzmq's own throughput tools
// do.
namespace leat::bench::limits {
namespace {

// 64 chain records are 6,400 bytes, 256 records of 48 bytes are 12,288.
constexpr std::size_t kSizes[] = {100, 1024, 6400, 12288};

struct Received {
  std::uint64_t messages = 0;
  bool sizes_right = true;
  std::int64_t end_ns = 0;
};

// Counts until the empty message that ends the stream. The first message only says that the link stands.
Received receive(zmq::socket_t& socket, std::size_t bytes, std::promise<void>& linked) {
  Received out;
  zmq::message_t message;
  (void)socket.recv(message);
  linked.set_value();
  while (socket.recv(message) && message.size() > 0) {
    ++out.messages;
    out.sizes_right &= message.size() == bytes;
  }
  out.end_ns = now_ns();
  return out;
}

Measure throughput(const std::string& transport, std::size_t bytes, double secs, const std::string& address) {
  zmq::context_t context;
  zmq::context_t other_context;
  zmq::context_t& sender_context = transport == "inproc" ? context : other_context;
  zmq::socket_t in(context, zmq::socket_type::pull);
  in.bind(address);
  const std::string bound = in.get(zmq::sockopt::last_endpoint);
  std::promise<void> linked;
  Received received;
  std::thread receiver([&] { received = receive(in, bytes, linked); });

  zmq::socket_t out(sender_context, zmq::socket_type::push);
  out.connect(bound);
  out.send(zmq::message_t(1), zmq::send_flags::none);
  linked.get_future().wait();
  std::uint64_t sent = 0;
  const std::int64_t begin = now_ns();
  // The clock is read once per 64 messages: at 5 M messages a second reading it would count.
  while (sent % 64 != 0 || double(now_ns() - begin) < secs * 1e9) {
    out.send(zmq::message_t(bytes), zmq::send_flags::none);
    ++sent;
  }
  out.send(zmq::message_t(), zmq::send_flags::none);
  receiver.join();
  const double rate = double(received.messages) / (double(received.end_ns - begin) * 1e-9);
  return {"libzmq " + transport + ", " + std::to_string(bytes) + " B", rate / 1e6, "M msg/s", rate,
          received.sizes_right && received.messages == sent};
}

}  // namespace

void measure_zmq(double secs, const Report& report) {
  const TempDir directory;
  for (const std::size_t bytes : kSizes) {
    report(throughput("inproc", bytes, secs, "inproc://limits"));
    report(throughput("ipc", bytes, secs, "ipc://" + directory.path() + "/limits"));
    report(throughput("tcp", bytes, secs, "tcp://127.0.0.1:*"));
  }
}

}  // namespace leat::bench::limits
