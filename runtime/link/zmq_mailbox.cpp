#include "link/zmq_mailbox.hpp"

#include <map>

#include "link/zmq_outbox.hpp"
#include "link/zmq_transport.hpp"

namespace leat {
namespace {

constexpr int kMessagesMax = 1000;  // more means a peer that is away: what waits is old by then

}  // namespace

struct ZmqMailbox::Impl {
  ZmqContext* context = nullptr;
  zmq::socket_t inbox;
  std::map<std::string, zmq::socket_t> peers;
};

Result<std::unique_ptr<ZmqMailbox>> ZmqMailbox::open(ZmqContext& context, const std::string& endpoint) {
  auto impl = std::make_unique<Impl>();
  impl->context = &context;
  try {
    impl->inbox = zmq::socket_t(context.get(), zmq::socket_type::pull);
    configure_link(impl->inbox, 0);
    impl->inbox.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kBytesMax));
    LEAT_TRY(context.before_bind(impl->inbox, endpoint));
    impl->inbox.bind(endpoint);
  } catch (const zmq::error_t& error) {
    return bind_failure(endpoint, error);
  }
  return std::unique_ptr<ZmqMailbox>(new ZmqMailbox(std::move(impl)));
}

ZmqMailbox::ZmqMailbox(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZmqMailbox::~ZmqMailbox() = default;

void ZmqMailbox::send(const std::string& host, const std::string& endpoint, const std::string& bytes) {
  auto peer = impl_->peers.find(endpoint);
  if (peer == impl_->peers.end()) {
    zmq::socket_t socket(impl_->context->get(), zmq::socket_type::push);
    configure_link(socket, 1000);
    socket.set(zmq::sockopt::sndhwm, kMessagesMax);
    impl_->context->before_connect(socket, endpoint, host);
    socket.connect(endpoint);
    peer = impl_->peers.emplace(endpoint, std::move(socket)).first;
  }
  [[maybe_unused]] const auto sent = peer->second.send(zmq::buffer(bytes), zmq::send_flags::dontwait);
}

bool ZmqMailbox::receive(std::string& bytes) {
  zmq::message_t message;
  if (!impl_->inbox.recv(message, zmq::recv_flags::dontwait)) return false;
  bytes.assign(static_cast<const char*>(message.data()), message.size());
  return true;
}

std::string ZmqMailbox::endpoint() const {
  return impl_->inbox.get(zmq::sockopt::last_endpoint);
}

int ZmqMailbox::fd() const {
  return impl_->inbox.get(zmq::sockopt::fd);
}

}  // namespace leat
