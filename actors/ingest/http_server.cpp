#include "ingest/http_server.hpp"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <future>
#include <map>
#include <set>
#include <thread>
#include <utility>  // before Asio, which needs it and does not say so

#include "ingest/http_head.hpp"

namespace leat {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 16u << 10;
constexpr auto kTick = std::chrono::milliseconds(250);
constexpr auto kWriteTime = std::chrono::seconds(10);
// A refused client may still be sending: reading on for a moment lets it see the answer instead of a reset.
constexpr auto kLingerTime = std::chrono::seconds(2);
constexpr std::uint64_t kBodyRateMin = 1024;  // bytes per second, after a grace
constexpr auto kBodyRateGrace = std::chrono::seconds(3);
constexpr std::uint64_t kChunksFree = 64u << 10;  // bytes before the share of what is not data counts
constexpr std::size_t kRefusedMax = 64;           // connections that are only told that there are too many

class Session;

/// Everything below `start`, `wake`, `drain` and the destructor runs on the one thread.
class Server final : public HttpServer {
 public:
  Server(const HttpOptions& options, HttpHandler& handler)
      : options_(options), handler_(handler), acceptor_(io_), tick_(io_) {}
  ~Server() override {
    asio::post(io_, [this] { stopped_ = true; });
    if (thread_.joinable()) thread_.join();
  }

  Status listen();
  void run_thread() {
    thread_ = std::thread([this] { run(); });
  }
  std::uint16_t port() const override { return port_; }
  void wake() override {
    if (!woken_.exchange(true)) asio::post(io_, [this] { release(); });
  }
  void drain(Duration most) override;

  // For sessions.
  const HttpOptions& options() const { return options_; }
  HttpHandler& handler() { return handler_; }
  bool draining() const { return draining_; }
  void wait_for(std::uint64_t progress, std::shared_ptr<Session> session, HttpReply reply) {
    waiting_.push_back({progress, std::move(session), std::move(reply)});
    handled_ = true;
  }
  /// Claims memory for a body; false if there is none.
  bool claim(std::uint64_t bytes) {
    if (claimed_ + bytes > options_.bodies_bytes_max) return false;
    claimed_ += bytes;
    return true;
  }
  void unclaim(std::uint64_t bytes) { claimed_ -= bytes; }
  void closed(const std::shared_ptr<Session>& session, const asio::ip::address& address, bool counted);

 private:
  struct Waiting {
    std::uint64_t progress;
    std::shared_ptr<Session> session;
    HttpReply reply;
  };

  void run();
  void accept();
  void admit(tcp::socket socket);
  void release();
  void tick();
  void begin_drain(Instant deadline);
  void check_drained();

  const HttpOptions options_;
  HttpHandler& handler_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer tick_;
  std::uint16_t port_ = 0;
  std::set<std::shared_ptr<Session>> sessions_;
  std::map<asio::ip::address, std::uint32_t> per_address_;
  std::uint32_t counted_ = 0;
  std::deque<Waiting> waiting_;
  std::uint64_t claimed_ = 0;
  bool handled_ = false;
  bool accepting_ = false;
  bool stopped_ = false;
  bool draining_ = false;
  Instant drain_deadline_{};
  std::promise<void> drained_;
  std::atomic<bool> woken_{false};
  std::thread thread_;
};

/// One connection: a request at a time, in order. What a client sends ahead waits in the kernel.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(Server& server, tcp::socket socket, asio::ip::address address)
      : server_(server), socket_(std::move(socket)), address_(std::move(address)) {}

  void begin() {
    counted_ = true;
    set_phase(Phase::idle, server_.options().idle_time);
    read();
  }
  void begin_refused(const HttpReply& reply) {
    set_phase(Phase::writing, kWriteTime);
    close_after_ = true;
    respond(reply);
  }
  void respond(const HttpReply& reply);
  void check(Instant now);
  /// Nothing of a next request has come.
  bool is_idle() const { return phase_ == Phase::idle; }
  void close();

 private:
  enum class Phase : std::uint8_t { idle, head, body, waiting, writing, closing, closed };
  using Parser = http::request_parser<http::string_body>;

  void set_phase(Phase phase, Duration most) {
    phase_ = phase;
    phase_began_ = Steady::now();
    deadline_ = most == Duration::max() ? Instant::max() : phase_began_ + most;
  }
  void read();
  void process();
  bool take_head();
  bool open_body();
  void feed();
  void dispatch();
  void refuse(const HttpReply& reply) {
    close_after_ = true;
    respond(reply);
  }
  void refuse_parser_error(const error_code& error);
  void finish_write();
  void linger();
  void release_claim() { server_.unclaim(std::exchange(claimed_, 0)); }
  HttpRequest request() const;

  Server& server_;
  tcp::socket socket_;
  const asio::ip::address address_;
  Phase phase_ = Phase::idle;
  Instant phase_began_{};
  Instant deadline_{};
  bool counted_ = false;
  bool close_after_ = false;
  bool head_request_ = false;
  std::string received_;
  std::array<char, kReadBytes> chunk_;
  std::optional<Parser> parser_;
  std::uint64_t body_raw_bytes_ = 0;
  std::uint64_t claimed_ = 0;
  std::string out_;
};

// ---- Session ----

void Session::read() {
  socket_.async_read_some(asio::buffer(chunk_),
                          [self = shared_from_this()](error_code error, std::size_t count) {
                            if (self->phase_ == Phase::closed) return;
                            if (error) return self->close();
                            self->received_.append(self->chunk_.data(), count);
                            self->process();
                          });
}

void Session::process() {
  if (phase_ == Phase::closing) {  // what comes now is not looked at
    received_.clear();
    return read();
  }
  if (phase_ == Phase::idle && !received_.empty()) set_phase(Phase::head, server_.options().head_time);
  if (phase_ == Phase::head && !take_head()) return;
  if (phase_ == Phase::body) return feed();
  read();
}

// True when the head is complete and good, and the body may follow.
bool Session::take_head() {
  const std::size_t end = received_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (received_.size() > kHttpHeadBytesMax) {
      refuse(http_problem(431, "the head is too large"));
      return false;
    }
    return true;
  }
  const std::string_view head = std::string_view(received_).substr(0, end + 4);
  if (auto wrong = check_http_head(head)) {
    refuse(http_problem(wrong->status, wrong->message));
    return false;
  }
  parser_.emplace();
  parser_->header_limit(kHttpHeadBytesMax);
  parser_->body_limit(server_.options().body_bytes_max);
  error_code error;
  const std::size_t used = parser_->put(asio::buffer(head.data(), head.size()), error);
  if (error && error != http::error::need_more) {
    refuse_parser_error(error);
    return false;
  }
  received_.erase(0, used);
  if (!parser_->is_header_done()) {
    refuse(http_problem(400, "not HTTP: the head does not end where it seemed to"));
    return false;
  }
  return open_body();
}

bool Session::open_body() {
  const auto& message = parser_->get();
  head_request_ = message.method() == http::verb::head;
  close_after_ = !parser_->keep_alive() || message.version() < 11;
  if (message.version() == 11 && message.count(http::field::host) == 0) {
    refuse(http_problem(400, "the Host header is missing"));
    return false;
  }
  if (auto reply = server_.handler().check(request())) {
    // With a body under way, only closing tells where the next request begins.
    if (!parser_->is_done()) close_after_ = true;
    respond(*reply);
    return false;
  }
  const auto length = parser_->content_length();
  claimed_ = length ? *length : parser_->chunked() ? server_.options().body_bytes_max : 0;
  if (!server_.claim(claimed_)) {
    claimed_ = 0;
    refuse(http_problem(503, "too many bodies under way; try again", "Retry-After: 1\r\n"));
    return false;
  }
  body_raw_bytes_ = 0;
  set_phase(Phase::body, server_.options().body_time);
  if (message[http::field::expect] == "100-continue" && !parser_->is_done() && received_.empty()) {
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(out_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (self->phase_ == Phase::closed) return;
                        error ? self->close() : self->read();
                      });
    return false;
  }
  return true;
}

void Session::feed() {
  error_code error;
  while (!received_.empty() && !parser_->is_done()) {
    const std::size_t used = parser_->put(asio::buffer(received_), error);
    received_.erase(0, used);
    body_raw_bytes_ += used;
    if (error == http::error::need_more) {
      error = {};
      if (used == 0) break;
    }
    if (error) return refuse_parser_error(error);
  }
  if (parser_->is_done()) return dispatch();
  // Chunks of a byte each cost the server far more than the client.
  if (parser_->chunked() && body_raw_bytes_ > kChunksFree &&
      parser_->get().body().size() < body_raw_bytes_ / 5)
    return refuse(http_problem(400, "the chunks are too small"));
  if (received_.size() > 2 * kReadBytes) return refuse(http_problem(400, "a chunk's head is too long"));
  read();
}

void Session::refuse_parser_error(const error_code& error) {
  if (error == http::error::body_limit)
    return refuse(http_problem(
        413, fmt::format("the body has more than {}", to_text(Bytes{server_.options().body_bytes_max}))));
  if (error == http::error::header_limit) return refuse(http_problem(431, "the head is too large"));
  if (error == http::error::bad_version) return refuse(http_problem(505, "HTTP/1.1 or 1.0 is spoken here"));
  refuse(http_problem(400, fmt::format("not HTTP: {}", error.message())));
}

HttpRequest Session::request() const {
  const auto& message = parser_->get();
  const auto view = [](boost::beast::string_view text) { return std::string_view(text.data(), text.size()); };
  return {view(message.method_string()), view(message.target()), view(message[http::field::authorization]),
          message.body()};
}

void Session::dispatch() {
  HttpHandler::Answer answer = server_.handler().handle(request());
  if (answer.after == 0) return respond(answer.reply);
  set_phase(Phase::waiting, Duration::max());
  server_.wait_for(answer.after, shared_from_this(), std::move(answer.reply));
}

void Session::respond(const HttpReply& reply) {
  if (phase_ == Phase::closed) return;
  release_claim();
  parser_.reset();
  if (server_.draining()) close_after_ = true;
  out_ = to_wire(reply, close_after_, head_request_);
  set_phase(Phase::writing, kWriteTime);
  asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this()](error_code error, std::size_t) {
    if (self->phase_ == Phase::closed) return;
    error ? self->close() : self->finish_write();
  });
}

void Session::finish_write() {
  if (close_after_) return linger();
  set_phase(Phase::idle, server_.options().idle_time);
  if (server_.draining() && received_.empty()) return close();
  received_.empty() ? read() : process();
}

void Session::linger() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  set_phase(Phase::closing, kLingerTime);
  received_.clear();
  read();
}

void Session::check(Instant now) {
  if (phase_ == Phase::body && now - phase_began_ > kBodyRateGrace) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - phase_began_).count();
    if (body_raw_bytes_ < kBodyRateMin * static_cast<std::uint64_t>(elapsed)) deadline_ = now;
  }
  if (now < deadline_) return;
  if (phase_ != Phase::head && phase_ != Phase::body) return close();
  refuse(http_problem(408, "the request took too long"));
}

void Session::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  release_claim();
  error_code ignored;
  socket_.close(ignored);
  server_.closed(shared_from_this(), address_, counted_);
}

// ---- Server ----

Status Server::listen() {
  const std::string where = fmt::format("{}:{}", options_.address, options_.port);
  error_code error;
  const auto address = asio::ip::make_address(options_.address, error);
  if (error) return fail(Code::bad_endpoint, "not an address", where);
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use)
    return fail(Code::address_in_use, "another program listens there; stop it, or choose another port",
                where);
  if (error) return fail(Code::bad_endpoint, fmt::format("can't listen: {}", error.message()), where);
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

void Server::run() {
  accept();
  tick();
  while (!stopped_) {
    if (io_.poll() > 0) continue;
    if (std::exchange(handled_, false)) handler_.idle();
    io_.run_one();
  }
  for (const auto& session : std::set(sessions_)) session->close();
  waiting_.clear();
  error_code ignored;
  acceptor_.close(ignored);
  tick_.cancel();
  io_.poll();  // what was cut off goes now, not when members are already gone
}

void Server::accept() {
  accepting_ = true;
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    accepting_ = false;
    if (draining_ || stopped_) return;
    if (error) return;  // no descriptors left, most likely: the next tick tries again
    admit(std::move(socket));
    accept();
  });
}

void Server::admit(tcp::socket socket) {
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return;
  socket.set_option(tcp::no_delay(true), error);
  const auto address = remote.address();
  const std::uint32_t same = per_address_[address];
  const bool full = counted_ >= options_.connections_max;
  const bool too_many = same >= options_.connections_per_address;
  if (same == 0 && (full || too_many)) per_address_.erase(address);
  if ((full || too_many) && sessions_.size() >= counted_ + kRefusedMax) return;
  const auto session = std::make_shared<Session>(*this, std::move(socket), address);
  sessions_.insert(session);
  if (full || too_many)
    return session->begin_refused(http_problem(
        full ? 503 : 429, full ? "too many connections" : "too many connections from your address",
        "Retry-After: 5\r\n"));
  ++per_address_[address];
  ++counted_;
  session->begin();
}

void Server::closed(const std::shared_ptr<Session>& session, const asio::ip::address& address, bool counted) {
  sessions_.erase(session);
  if (counted) {
    --counted_;
    const auto at = per_address_.find(address);
    if (--at->second == 0) per_address_.erase(at);
  }
  check_drained();
}

void Server::release() {
  woken_ = false;
  const Result<std::uint64_t> progress = handler_.progress();
  while (!waiting_.empty() && (!progress || waiting_.front().progress <= *progress)) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    next.session->respond(progress ? next.reply : handler_.refusal(progress.error()));
  }
}

void Server::tick() {
  const Instant now = Steady::now();
  for (const auto& session : std::set(sessions_)) session->check(now);
  if (draining_ && now >= drain_deadline_)
    for (const auto& session : std::set(sessions_)) session->close();
  if (!accepting_ && !draining_) accept();
  tick_.expires_after(kTick);
  tick_.async_wait([this](error_code error) {
    if (!error && !stopped_) tick();
  });
}

void Server::drain(Duration most) {
  asio::post(io_, [this, deadline = Steady::now() + most] { begin_drain(deadline); });
  drained_.get_future().wait();
}

void Server::begin_drain(Instant deadline) {
  draining_ = true;
  drain_deadline_ = deadline;
  error_code ignored;
  acceptor_.close(ignored);
  for (const auto& session : std::set(sessions_))
    if (session->is_idle()) session->close();
  check_drained();
}

void Server::check_drained() {
  if (!draining_ || !sessions_.empty() || stopped_) return;
  stopped_ = true;
  drained_.set_value();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpOptions& options, HttpHandler& handler) {
  auto server = std::make_unique<Server>(options, handler);
  LEAT_TRY(server->listen());
  server->run_thread();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace leat
