#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "common/clock.hpp"
#include "limits/limits.hpp"

namespace leat::bench::limits {
namespace {

constexpr std::size_t kWriteBytes = 64u << 10;

// A connected byte stream: written at `in`, read at `out`.
class Stream {
 public:
  Stream(int in, int out) : in_(in), out_(out) {}
  ~Stream() {
    close_in();
    close(out_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int in() const { return in_; }
  int out() const { return out_; }
  void close_in() {
    if (in_ >= 0) close(std::exchange(in_, -1));
  }

 private:
  int in_;
  int out_;
};

[[noreturn]] void give_up(const char* what) {
  throw std::runtime_error(what);
}

std::pair<int, int> make_unix() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) give_up("no unix socket pair");
  return {ends[0], ends[1]};
}

std::pair<int, int> make_pipe() {
  int ends[2];
  if (pipe(ends) != 0) give_up("no pipe");
  return {ends[1], ends[0]};
}

std::pair<int, int> make_tcp() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, size) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, generic, &size) != 0)
    give_up("no port on the loopback interface");
  const int in = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(in, generic, size) != 0) give_up("cannot connect over loopback");
  const int out = accept(listener, nullptr, nullptr);
  close(listener);
  const int on = 1;
  setsockopt(in, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {in, out};
}

Measure throughput(const std::string& name, double secs, std::pair<int, int> ends) {
  Stream stream(ends.first, ends.second);
  std::uint64_t received = 0;
  std::thread reader([&] {
    std::vector<char> buffer(kWriteBytes);
    for (ssize_t got; (got = read(stream.out(), buffer.data(), buffer.size())) > 0;)
      received += std::uint64_t(got);
  });
  const std::vector<char> data(kWriteBytes, 'x');
  std::uint64_t sent = 0;
  std::uint64_t writes = 0;
  const std::int64_t begin = now_ns();
  while (double(now_ns() - begin) < secs * 1e9) {
    for (std::size_t done = 0; done < data.size();) {
      const ssize_t put = write(stream.in(), data.data() + done, data.size() - done);
      if (put <= 0) give_up("a stream broke");
      done += std::size_t(put);
    }
    sent += data.size();
    ++writes;
  }
  stream.close_in();
  reader.join();
  const double elapsed = double(now_ns() - begin) * 1e-9;
  return {name, double(sent) / elapsed / 1e9, "GB/s", double(writes) / elapsed, received == sent};
}

}  // namespace

void measure_streams(double secs, const Report& report) {
  report(throughput("unix socket, 64 KiB writes", secs, make_unix()));
  report(throughput("tcp loopback, 64 KiB writes", secs, make_tcp()));
  report(throughput("pipe, 64 KiB writes", secs, make_pipe()));
}

}  // namespace leat::bench::limits
