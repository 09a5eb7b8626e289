#include "link/zmq_service.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include "link/zmq_outbox.hpp"
#include "link/zmq_transport.hpp"

namespace leat {

struct ZmqService::Impl {
  zmq::context_t context{1};
  zmq::socket_t socket;
  std::function<std::string(const std::string&)> answer;
  int stop = ::eventfd(0, EFD_CLOEXEC);
  std::thread thread;

  void run() {
    zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, stop, ZMQ_POLLIN, 0}};
    while (true) {
      zmq::poll(items, 2, std::chrono::milliseconds(-1));
      if ((items[1].revents & ZMQ_POLLIN) != 0) break;
      zmq::message_t question;
      if (!socket.recv(question, zmq::recv_flags::dontwait)) continue;
      [[maybe_unused]] const auto sent =
          socket.send(zmq::buffer(answer(question.to_string())), zmq::send_flags::dontwait);
    }
    socket.close();
  }
};

Result<std::unique_ptr<ZmqService>> ZmqService::start(const std::string& endpoint,
                                                      std::function<std::string(const std::string&)> answer) {
  auto impl = std::make_unique<Impl>();
  impl->answer = std::move(answer);
  try {
    impl->socket = zmq::socket_t(impl->context, zmq::socket_type::rep);
    impl->socket.set(zmq::sockopt::linger, 1000);  // the last answer may still be on its way
    impl->socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kBytesMax));
    impl->socket.bind(endpoint);
  } catch (const zmq::error_t& error) {
    return bind_failure(endpoint, error);
  }
  impl->thread = std::thread([impl = impl.get()] { impl->run(); });
  return std::unique_ptr<ZmqService>(new ZmqService(std::move(impl)));
}

ZmqService::ZmqService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ZmqService::~ZmqService() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(impl_->stop, &one, sizeof one);
  impl_->thread.join();
  ::close(impl_->stop);
}

Result<std::string> ask_service(const std::string& endpoint, const std::string& question, Duration timeout) {
  const int wait = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
  try {
    zmq::context_t context(1);
    zmq::socket_t socket(context, zmq::socket_type::req);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::rcvtimeo, wait);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(ZmqService::kBytesMax));
    socket.connect(endpoint);
    socket.send(zmq::buffer(question));
    zmq::message_t answer;
    if (socket.recv(answer)) return answer.to_string();
  } catch (const zmq::error_t& error) {
    return fail(Code::bad_endpoint, error.what(), endpoint);
  }
  return fail(Code::unreachable, "no answer", endpoint);
}

}  // namespace leat
