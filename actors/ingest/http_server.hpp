#pragma once

#include <leat/units.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/http_reply.hpp"

// An HTTP/1.1 server for one handler, with the limits of docs/ingest.md. The only door to Boost.
namespace leat {

struct HttpRequest {
  std::string_view method, target, authorization;
  std::string_view body;  ///< empty until it has come
};

/// Asked on the server's thread; must not block.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// The head is there, the body is not: a reply refuses the request.
  virtual std::optional<HttpReply> check(const HttpRequest& head) = 0;
  struct Answer {
    HttpReply reply;
    std::uint64_t after = 0;  ///< sent when `progress` has come so far; 0: at once
  };
  /// The answers' `after` never go back, except to 0.
  virtual Answer handle(const HttpRequest& request) = 0;
  /// How far it has come; an error answers all who wait.
  virtual Result<std::uint64_t> progress() = 0;
  virtual HttpReply refusal(const Error& error) = 0;
  /// All requests that had come were handled: there is nothing more to gather for now.
  virtual void idle() = 0;
};

struct HttpOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: a free one
  std::uint64_t body_bytes_max = 8u << 20;
  std::uint64_t bodies_bytes_max = 64u << 20;  ///< of all requests under way
  std::uint32_t connections_max = 1024;
  std::uint32_t connections_per_address = 64;
  Duration head_time = std::chrono::seconds(5);
  Duration body_time = std::chrono::seconds(30);
  Duration idle_time = std::chrono::seconds(60);
};

class HttpServer {
 public:
  /// address_in_use, or bad_endpoint. The handler must outlive the server.
  static Result<std::unique_ptr<HttpServer>> start(const HttpOptions& options, HttpHandler& handler);
  /// Cuts off whoever is still connected.
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  /// Progress was made, or has become impossible. From any thread.
  virtual void wake() = 0;
  /// Takes no more connections, answers the requests that have begun, as far as they come within the time,
  /// and returns when all connections are closed.
  virtual void drain(Duration most) = 0;
};

}  // namespace leat
