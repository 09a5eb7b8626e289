#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <leat/registry.hpp>
#include <leat/runner.hpp>
#include <stdexcept>
#include <thread>

#include "common/clock.hpp"
#include "common/free_port.hpp"
#include "common/histogram.hpp"
#include "common/temp_dir.hpp"
#include "common/usage.hpp"
#include "ingest_log/workload.hpp"

namespace leat::bench::ingest_log {
namespace {

constexpr int kConnections = 64;

constexpr const char* kTopology = R"(topology: bench
delivery: best_effort
schemas: {{ record: {{ id: int64, text: string }} }}
actors:
  records: {{ kind: ingest.http, bind: {}, schema: record, log: {{ path: log, size: 8GiB }} }}
  none: {{ kind: transform, inputs: [records], where: id < 0 }}
  out: {{ kind: publish.file, inputs: [none], path: out.jsonl }}
)";

/// One thread that posts over all connections, each its next record as soon as the one before was answered.
class Clients {
 public:
  Clients(int port, std::uint64_t events) : events_(events), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (Connection& one : connections_) connect(one, port);
  }
  ~Clients() {
    for (const Connection& one : connections_) ::close(one.fd);
    ::close(epoll_);
  }

  /// Whether all were accepted.
  bool run(Histogram& latency) {
    for (Connection& one : connections_) post(one);
    std::array<epoll_event, kConnections> ready;
    while (answered_ < events_) {
      const int count = ::epoll_wait(epoll_, ready.data(), kConnections, 30'000);
      if (count <= 0) return false;
      for (int at = 0; at < count; ++at)
        if (!read(connections_[ready[static_cast<std::size_t>(at)].data.u32], latency)) return false;
    }
    return true;
  }

 private:
  struct Connection {
    int fd = -1;
    std::int64_t sent_ns = 0;
    std::string received;
  };

  void connect(Connection& one, int port) {
    one.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(one.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("ingest.http does not listen");
    const int on = 1;
    ::setsockopt(one.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(&one - connections_.data());
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, one.fd, &event);
  }

  void post(Connection& one) {
    if (posted_ == events_) return;
    request_ = fmt::format("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{}", kRecordBytes,
                           make_record(posted_++));
    one.sent_ns = now_ns();
    if (::send(one.fd, request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size()))
      throw std::runtime_error("a request could not be sent");
  }

  bool read(Connection& one, Histogram& latency) {
    char bytes[4096];
    const ssize_t count = ::recv(one.fd, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    one.received.append(bytes, static_cast<std::size_t>(count));
    if (one.received.find("\r\n\r\n") == std::string::npos || !one.received.ends_with("}\n")) return true;
    if (!one.received.starts_with("HTTP/1.1 202 ")) return false;
    latency.add(now_ns() - one.sent_ns);
    one.received.clear();
    ++answered_;
    post(one);
    return true;
  }

  const std::uint64_t events_;
  int epoll_;
  std::array<Connection, kConnections> connections_;
  std::uint64_t posted_ = 0;
  std::uint64_t answered_ = 0;
  std::string request_;
};

}  // namespace

// Clients and topology share this process and the machine, as "on two cores" says.
void run_http(const Options& options, RunResult& result) {
  const TempDir folder;
  const int port = free_port();
  std::ofstream(folder.path() + "/topology.yaml") << fmt::format(kTopology, port);
  Registry registry;
  register_standard_actors(registry);
  Diagnostics diagnostics;
  const auto runner = Runner::load(folder.path() + "/topology.yaml", registry, diagnostics);
  if (!runner) throw std::runtime_error(diagnostics.sorted().front().message);
  std::atomic<bool> listening{false};
  RunOptions run;
  run.log = [&](LogLevel, const std::string&, const std::string& message) {
    if (message.starts_with("takes rows at")) {
      listening = true;
      listening.notify_all();
    }
  };
  RunSummary summary;
  std::thread topology([&] {
    summary = runner->run(run);
    listening = true;
    listening.notify_all();
  });
  listening.wait(false);
  Histogram latency;
  bool accepted = false;
  std::int64_t begin = 0, end = 0;
  {
    Clients clients(port, options.events);
    begin = now_ns();
    accepted = clients.run(latency);
    end = now_ns();
  }
  runner->drain();
  topology.join();
  result.secs = static_cast<double>(end - begin) / 1e9;
  result.events = options.events;
  result.batch = 1;
  result.cpu_s = cpu_seconds(Charge::self);
  result.rss_mb = peak_rss_mb();
  result.take_latency(latency);
  result.ok = accepted && summary.outcome == Outcome::drained;
}

}  // namespace leat::bench::ingest_log
