#include "remote/endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <queue>
#include <stdexcept>
#include <string>
#include <vector>

namespace leat::bench::remote {
namespace {

using Clock = std::chrono::steady_clock;

/// What the child does: one thread, epoll, a queue of answers by when they are due.
class Loop {
 public:
  Loop(int listening, Endpoint::Latency latency) : listening_(listening), latency_(latency) {
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    watch(listening_);
    watch(timer_);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    while (true) {
      const int count = ::epoll_wait(poll_, events, 256, -1);
      for (int at = 0; at < count; ++at) {
        const int fd = events[at].data.fd;
        if (fd == listening_)
          accept();
        else if (fd == timer_)
          drain_timer();
        else
          receive(fd);
      }
      answer_due();
    }
  }

 private:
  struct Due {
    Clock::time_point at;
    int socket;
    std::uint64_t connection;  // a socket's number may be another's by then
    bool operator<(const Due& other) const { return at > other.at; }
  };

  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
  }
  void accept() {
    while (true) {
      const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket < 0) return;
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      connections_[socket] = ++accepted_;
      watch(socket);
    }
  }
  void drain_timer() {
    std::uint64_t fired = 0;
    [[maybe_unused]] const auto ignored = ::read(timer_, &fired, sizeof fired);
  }
  // A request of the bench comes in one piece: it is a few hundred bytes, and one at a time.
  void receive(int socket) {
    char chunk[16384];
    if (::recv(socket, chunk, sizeof chunk, 0) <= 0) {
      connections_.erase(socket);
      ::close(socket);
      return;
    }
    const bool slow = ++requests_ % latency_.slow_one_in == 0;
    due_.push({Clock::now() + (slow ? latency_.slow : latency_.usual), socket, connections_[socket]});
    if (due_.top().socket == socket) set_timer();
  }
  void answer_due() {
    static const std::string kBody =
        R"({"model_name":"fare","model_version":"1","outputs":[{"name":"minutes","shape":[1,1],)"
        R"("datatype":"FP64","data":[7.5]}]})";
    static const std::string kAnswer =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(kBody.size()) + "\r\n\r\n" + kBody;
    const auto now = Clock::now();
    const bool any = !due_.empty() && due_.top().at <= now;
    for (; !due_.empty() && due_.top().at <= now; due_.pop()) {
      const auto found = connections_.find(due_.top().socket);
      if (found == connections_.end() || found->second != due_.top().connection) continue;
      [[maybe_unused]] const auto sent =
          ::send(due_.top().socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    }
    if (any) set_timer();
  }
  void set_timer() {
    if (due_.empty()) return;
    const auto at = std::chrono::duration_cast<std::chrono::nanoseconds>(due_.top().at.time_since_epoch());
    itimerspec time{};
    time.it_value.tv_sec = at.count() / 1'000'000'000;
    time.it_value.tv_nsec = at.count() % 1'000'000'000;
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &time, nullptr);
  }

  const int listening_;
  const Endpoint::Latency latency_;
  int poll_ = -1;
  int timer_ = -1;
  std::map<int, std::uint64_t> connections_;
  std::priority_queue<Due> due_;
  std::uint64_t accepted_ = 0, requests_ = 0;
};

}  // namespace

Endpoint::Endpoint(Latency latency) {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listening, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening, 1024) != 0 ||
      ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port for the endpoint");
  port_ = ntohs(address.sin_port);
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("no process for the endpoint");
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Loop(listening, latency).run();
  }
  ::close(listening);
}

Endpoint::~Endpoint() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

}  // namespace leat::bench::remote
