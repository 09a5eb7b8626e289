#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace leat::testing {

/// A server on loopback whose connections do what the test says, one after the other: each is a function that
/// gets the socket. Its thread ends when the test does.
class Server {
 public:
  using Script = std::function<void(int socket)>;
  explicit Server(std::vector<Script> connections) : scripts_(std::move(connections)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listening_, 64), 0);
    socklen_t size = sizeof address;
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (const Script& script : scripts_) {
        const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        script(socket);
        ::close(socket);
      }
    });
  }
  ~Server() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }

  std::uint16_t port = 0;

 private:
  std::vector<Script> scripts_;
  int listening_ = -1;
  std::thread thread_;
};

/// One request, head and body; empty when the connection has ended.
inline std::string receive(int socket) {
  std::string text;
  char chunk[4096];
  while (true) {
    const std::size_t head = text.find("\r\n\r\n");
    if (head != std::string::npos) {
      const std::size_t length = std::stoul(text.substr(text.find("Content-Length: ") + 16));
      if (text.size() >= head + 4 + length) return text;
    }
    const ssize_t count = ::recv(socket, chunk, sizeof chunk, 0);
    if (count <= 0) return {};
    text.append(chunk, static_cast<std::size_t>(count));
  }
}

inline void say(int socket, std::string_view text) {
  EXPECT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

inline std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Answers one request with this text, and waits for the other end to close.
inline Server::Script answering(std::string text) {
  return [text = std::move(text)](int socket) {
    receive(socket);
    say(socket, text);
    ::shutdown(socket, SHUT_WR);
    receive(socket);
  };
}

}  // namespace leat::testing
