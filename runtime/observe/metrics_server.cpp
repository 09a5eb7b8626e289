#include "observe/metrics_server.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <charconv>
#include <thread>

namespace leat {

struct MetricsServer::Impl {
  httplib::Server server;
  std::thread thread;
  int port = 0;
};

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(const std::string& address,
                                                            std::function<std::string()> text) {
  const std::size_t colon = address.rfind(':');
  int port = -1;
  if (colon != std::string::npos) {
    const char* end = address.data() + address.size();
    const auto [stop, error] = std::from_chars(address.data() + colon + 1, end, port);
    if (error != std::errc() || stop != end || port < 0 || port > 65535) port = -1;
  }
  if (port < 0)
    return fail(Code::bad_endpoint, "the metrics address is HOST:PORT, for example 127.0.0.1:9100", address);
  auto impl = std::make_unique<Impl>();
  impl->server.new_task_queue = [] { return new httplib::ThreadPool(1); };
  impl->server.set_tcp_nodelay(true);
  impl->server.set_read_timeout(5);
  impl->server.Get("/metrics",
                   [text = std::move(text)](const httplib::Request&, httplib::Response& response) {
                     response.set_content(text(), "text/plain; version=0.0.4");
                   });
  impl->server.Get("/health", [](const httplib::Request&, httplib::Response& response) {
    response.set_content("ok\n", "text/plain");
  });
  const std::string host = address.substr(0, colon);
  impl->port = port == 0                                       ? impl->server.bind_to_any_port(host.c_str())
               : impl->server.bind_to_port(host.c_str(), port) ? port
                                                               : -1;
  if (impl->port < 0)
    return fail(Code::address_in_use, "can't serve metrics there; choose another address with --metrics",
                address);
  impl->thread = std::thread([server = &impl->server] { server->listen_after_bind(); });
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

MetricsServer::~MetricsServer() {
  while (!impl_->server.is_running()) std::this_thread::yield();  // a stop before the start would be lost
  impl_->server.stop();
  impl_->thread.join();
}

int MetricsServer::port() const {
  return impl_->port;
}

}  // namespace leat
