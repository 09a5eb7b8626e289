#include "infer/remote/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>  // before Asio, which needs it and does not say so

namespace leat {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 16u << 10;
constexpr std::uint32_t kHeadBytesMax = 64u << 10;
// Names are looked up again after so long, and connections that were idle for so long are not trusted.
constexpr auto kAddressesTime = std::chrono::seconds(30);
constexpr auto kIdleTime = std::chrono::seconds(30);

/// The thread that all connections of the process live on.
class Loop {
 public:
  Loop() : work_(io_.get_executor()), thread_([this] { io_.run(); }) {}
  ~Loop() {
    work_.reset();
    thread_.join();
  }
  asio::io_context& io() { return io_; }

  /// The one that runs, or a new one.
  static std::shared_ptr<Loop> of_process() {
    static std::mutex mutex;
    static std::weak_ptr<Loop> running;
    const std::lock_guard lock(mutex);
    std::shared_ptr<Loop> loop = running.lock();
    if (!loop) running = loop = std::make_shared<Loop>();
    return loop;
  }

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
};

class Pool;

/// One connection, with a call or idle. The loop's thread only.
class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Pool& pool, asio::io_context& io, ssl::context* tls);

  /// The first call; connects for it.
  void begin(std::uint64_t call, std::shared_ptr<const std::string> body,
             const std::vector<tcp::endpoint>& addresses);
  /// One more, on an idle connection.
  void begin_again(std::uint64_t call, std::shared_ptr<const std::string> body);
  void close();
  bool idle_since(Steady::time_point when) const { return idle_since_ <= when; }

 private:
  using Parser = http::response_parser<http::string_body>;

  template <class Use>
  void with_stream(Use&& use) {
    tls_ ? use(*tls_) : use(socket_);
  }
  /// A handler that holds this connection, and is not called once it is closed.
  template <class Then>
  auto guarded(Then then) {
    return [self = shared_from_this(), then](error_code error, const auto&...) {
      if (!self->closed_) then(error);
    };
  }
  void shake_hands();
  void write();
  void read();
  void received(error_code error, std::size_t count);
  void parse(std::size_t count);
  void finish();
  void fail_call(const char* doing, const error_code& error);
  void new_parser();

  Pool& pool_;
  tcp::socket socket_;
  std::optional<ssl::stream<tcp::socket&>> tls_;
  std::uint64_t call_ = 0;
  std::shared_ptr<const std::string> body_;
  std::string head_;
  std::array<char, kReadBytes> chunk_;
  std::string rest_;  // of what came: not parsed yet
  std::optional<Parser> parser_;
  Steady::time_point idle_since_{};
  bool used_before_ = false;  // and so may have been closed at the other end without our knowing
  bool anything_came_ = false;
  bool closed_ = false;
};

/// What one client has on the loop's thread: its connections, and the calls that wait for addresses.
class Pool final : public std::enable_shared_from_this<Pool> {
 public:
  Pool(HttpEndpoint endpoint, asio::io_context& io, std::function<void()> wake);
  Status prepare();

  // The worker's side.
  void send(std::uint64_t call, std::string body);
  void cancel(std::uint64_t call);
  std::vector<HttpAnswer> take();
  void shut();

  // For connections.
  const HttpEndpoint& endpoint() const { return endpoint_; }
  const std::string& head() const { return head_; }
  const std::string& place() const { return place_; }
  void answer(HttpAnswer answer);
  void rest(const std::shared_ptr<Connection>& connection);
  void retry(std::uint64_t call, std::shared_ptr<const std::string> body);
  void forget_addresses() {
    if (addresses_until_ != Steady::time_point::max()) addresses_.clear();
  }

 private:
  struct Order {
    std::uint64_t call;
    std::shared_ptr<const std::string> body;  // null: cancel
  };
  void order(Order order);
  void carry_out();
  void begin(std::uint64_t call, std::shared_ptr<const std::string> body);
  void connect(std::uint64_t call, std::shared_ptr<const std::string> body);
  void look_up();

  const HttpEndpoint endpoint_;
  asio::io_context& io_;
  const std::function<void()> wake_;
  std::string head_, place_;
  std::optional<ssl::context> tls_;
  tcp::resolver resolver_;
  std::vector<tcp::endpoint> addresses_;
  Steady::time_point addresses_until_{};  // max: they are known
  bool looking_up_ = false;
  std::vector<Order> waiting_;  // for addresses
  std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> busy_;
  std::vector<std::shared_ptr<Connection>> idle_;  // the one that was busy last is at the back
  bool shut_ = false;

  std::mutex mutex_;
  std::vector<Order> orders_;
  std::vector<HttpAnswer> answers_;
};

// ---- Connection ----

Connection::Connection(Pool& pool, asio::io_context& io, ssl::context* tls) : pool_(pool), socket_(io) {
  if (tls != nullptr) tls_.emplace(socket_, *tls);
}

void Connection::begin(std::uint64_t call, std::shared_ptr<const std::string> body,
                       const std::vector<tcp::endpoint>& addresses) {
  call_ = call;
  body_ = std::move(body);
  asio::async_connect(socket_, addresses, guarded([this](error_code error) {
                        if (error) {
                          pool_.forget_addresses();
                          return fail_call("can't connect", error);
                        }
                        socket_.set_option(tcp::no_delay(true), error);
                        tls_ ? shake_hands() : write();
                      }));
}

void Connection::shake_hands() {
  const HttpEndpoint& endpoint = pool_.endpoint();
  error_code not_an_address;
  asio::ip::make_address(endpoint.target.host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(tls_->native_handle(), endpoint.target.host.c_str());
  error_code error;
  if (endpoint.tls.verify)
    tls_->set_verify_callback(ssl::host_name_verification(endpoint.target.host), error);
  tls_->async_handshake(ssl::stream_base::client, guarded([this](error_code failed) {
                          failed ? fail_call("no TLS", failed) : write();
                        }));
}

void Connection::begin_again(std::uint64_t call, std::shared_ptr<const std::string> body) {
  call_ = call;
  body_ = std::move(body);
  used_before_ = true;
  write();
}

void Connection::new_parser() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(kHeadBytesMax);
  parser_->body_limit(pool_.endpoint().answer_bytes_max);
}

void Connection::write() {
  head_ = fmt::format("{}Content-Length: {}\r\n\r\n", pool_.head(), body_->size());
  new_parser();
  anything_came_ = false;
  const std::array<asio::const_buffer, 2> message{asio::buffer(head_), asio::buffer(*body_)};
  with_stream([&](auto& stream) {
    asio::async_write(stream, message,
                      guarded([this](error_code error) { error ? fail_call("cut off", error) : read(); }));
  });
}

void Connection::read() {
  with_stream([&](auto& stream) {
    stream.async_read_some(asio::buffer(chunk_),
                           [self = shared_from_this()](error_code error, std::size_t count) {
                             if (!self->closed_) self->received(error, count);
                           });
  });
}

void Connection::received(error_code error, std::size_t count) {
  anything_came_ = anything_came_ || count != 0;
  if (!error) return parse(count);
  // A body without a length ends with the connection.
  const bool ended = error == asio::error::eof || error == ssl::error::stream_truncated;
  error_code bad;
  if (ended && parser_->got_some()) parser_->put_eof(bad);
  if (ended && parser_->is_done() && !bad) return finish();
  fail_call("cut off", error);
}

void Connection::parse(std::size_t count) {
  rest_.append(chunk_.data(), count);
  while (!rest_.empty() && !parser_->is_done()) {
    error_code error;
    const std::size_t used = parser_->put(asio::buffer(rest_), error);
    rest_.erase(0, used);
    if (error == http::error::need_more) {
      if (used == 0) break;
      error = {};
    }
    if (error == http::error::body_limit || error == http::error::header_limit)
      return fail_call("the answer is too large", error);
    if (error) return fail_call("not HTTP", error);
    if (parser_->is_done() && parser_->get().result_int() / 100 == 1) new_parser();  // 100 Continue
  }
  if (rest_.size() > kHeadBytesMax) return fail_call("not HTTP", http::error::header_limit);
  parser_->is_done() ? finish() : read();
}

void Connection::finish() {
  auto message = parser_->release();
  HttpAnswer answer{.call = call_, .status = static_cast<int>(message.result_int())};
  answer.body = std::move(message.body());
  const auto variant = message["X-Amzn-Invoked-Production-Variant"];
  answer.variant.assign(variant.data(), variant.size());
  const auto pause = message[http::field::retry_after];
  std::int64_t seconds = 0;
  std::from_chars(pause.data(), pause.data() + pause.size(), seconds);
  answer.retry_after = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 3600));
  const bool again = message.keep_alive() && rest_.empty();
  call_ = 0;
  body_.reset();
  const auto self = shared_from_this();
  if (again)
    idle_since_ = Steady::now();
  else
    close();
  pool_.answer(std::move(answer));
  if (again) pool_.rest(self);
}

void Connection::fail_call(const char* doing, const error_code& error) {
  const std::uint64_t call = std::exchange(call_, 0);
  const auto body = std::move(body_);
  const auto self = shared_from_this();
  close();
  // The other end had closed it while it was idle: that is no failure of the endpoint, and nothing was read.
  if (used_before_ && !anything_came_) return pool_.retry(call, body);
  pool_.answer({.call = call, .error = fmt::format("{}: {}", doing, error.message())});
}

void Connection::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

// ---- Pool ----

Status prepare_tls(const HttpTls& options, ssl::context& context) {
  error_code error;
  if (options.ca.empty())
    context.set_default_verify_paths(error);
  else
    context.load_verify_file(options.ca, error);
  if (error)
    return fail(Code::unreadable_file, fmt::format("no certificates: {}", error.message()), options.ca);
  context.set_verify_mode(options.verify ? ssl::verify_peer : ssl::verify_none, error);
  return {};
}

/// Of a host that need not be looked up: an address, or the loopback under its name, whatever the machine's
/// files say of it (RFC 6761, section 6.3). Else none.
std::vector<tcp::endpoint> known_addresses(const HttpTarget& target) {
  const auto at = [&](const asio::ip::address& address) { return tcp::endpoint(address, target.port); };
  if (target.host == "localhost")
    return {at(asio::ip::address_v4::loopback()), at(asio::ip::address_v6::loopback())};
  error_code no_address;
  const asio::ip::address address = asio::ip::make_address(target.host, no_address);
  return no_address ? std::vector<tcp::endpoint>() : std::vector{at(address)};
}

Pool::Pool(HttpEndpoint endpoint, asio::io_context& io, std::function<void()> wake)
    : endpoint_(std::move(endpoint)), io_(io), wake_(std::move(wake)), resolver_(io) {
  const HttpTarget& target = endpoint_.target;
  place_ = fmt::format("{}:{}", target.host, target.port);
  head_ = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: leat\r\nContent-Type: application/json\r\n"
      "Accept: application/json\r\n",
      target.path, target.authority());
  for (const auto& [name, value] : endpoint_.headers) head_ += fmt::format("{}: {}\r\n", name, value);
  addresses_ = known_addresses(target);
  if (!addresses_.empty()) addresses_until_ = Steady::time_point::max();
}

Status Pool::prepare() {
  if (!endpoint_.target.tls) return {};
  tls_.emplace(ssl::context::tls_client);
  return prepare_tls(endpoint_.tls, *tls_);
}

void Pool::send(std::uint64_t call, std::string body) {
  order({call, std::make_shared<const std::string>(std::move(body))});
}

void Pool::cancel(std::uint64_t call) {
  order({call, nullptr});
}

void Pool::order(Order order) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = orders_.empty();
    orders_.push_back(std::move(order));
  }
  if (first) asio::post(io_, [self = shared_from_this()] { self->carry_out(); });
}

std::vector<HttpAnswer> Pool::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

// Everything that is under way ends now: its handlers come once more, and do nothing.
void Pool::shut() {
  asio::post(io_, [self = shared_from_this()] {
    self->shut_ = true;
    self->resolver_.cancel();
    self->waiting_.clear();
    for (const auto& [call, connection] : std::exchange(self->busy_, {})) connection->close();
    for (const auto& connection : std::exchange(self->idle_, {})) connection->close();
  });
}

void Pool::carry_out() {
  std::vector<Order> orders;
  {
    const std::lock_guard lock(mutex_);
    orders.swap(orders_);
  }
  if (shut_) return;
  for (Order& order : orders) {
    if (order.body) {
      begin(order.call, std::move(order.body));
      continue;
    }
    std::erase_if(waiting_, [&](const Order& waiting) { return waiting.call == order.call; });
    const auto found = busy_.find(order.call);
    if (found == busy_.end()) continue;  // its answer is on the way
    found->second->close();
    busy_.erase(found);
  }
}

void Pool::begin(std::uint64_t call, std::shared_ptr<const std::string> body) {
  const auto now = Steady::now();
  std::size_t old = 0;
  while (old < idle_.size() && idle_[old]->idle_since(now - kIdleTime)) idle_[old++]->close();
  idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(old));
  if (idle_.empty()) return connect(call, std::move(body));
  const auto connection = std::move(idle_.back());
  idle_.pop_back();
  busy_[call] = connection;
  connection->begin_again(call, std::move(body));
}

void Pool::connect(std::uint64_t call, std::shared_ptr<const std::string> body) {
  if (addresses_.empty() || Steady::now() >= addresses_until_) {
    waiting_.push_back({call, std::move(body)});
    return look_up();
  }
  const auto connection = std::make_shared<Connection>(*this, io_, tls_ ? &*tls_ : nullptr);
  busy_[call] = connection;
  connection->begin(call, std::move(body), addresses_);
}

void Pool::look_up() {
  if (std::exchange(looking_up_, true)) return;
  resolver_.async_resolve(
      endpoint_.target.host, std::to_string(endpoint_.target.port),
      [self = shared_from_this()](error_code error, const tcp::resolver::results_type& found) {
        self->looking_up_ = false;
        if (self->shut_) return;
        std::vector<Order> waiting = std::exchange(self->waiting_, {});
        if (!error) {
          self->addresses_.clear();
          for (const auto& entry : found) self->addresses_.push_back(entry.endpoint());
          self->addresses_until_ = Steady::now() + kAddressesTime;
        }
        for (Order& order : waiting)
          if (error)
            self->answer({.call = order.call,
                          .error = fmt::format("`{}` has no address: {}", self->endpoint_.target.host,
                                               error.message())});
          else
            self->connect(order.call, std::move(order.body));
      });
}

void Pool::answer(HttpAnswer answer) {
  busy_.erase(answer.call);
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = answers_.empty();
    answers_.push_back(std::move(answer));
  }
  if (first) wake_();
}

void Pool::rest(const std::shared_ptr<Connection>& connection) {
  idle_.push_back(connection);
}

void Pool::retry(std::uint64_t call, std::shared_ptr<const std::string> body) {
  busy_.erase(call);
  connect(call, std::move(body));
}

/// The worker's end of a pool.
class Client final : public HttpCalls {
 public:
  Client(std::shared_ptr<Loop> loop, std::shared_ptr<Pool> pool)
      : loop_(std::move(loop)), pool_(std::move(pool)) {}
  ~Client() override { pool_->shut(); }
  void send(std::uint64_t call, std::string body) override { pool_->send(call, std::move(body)); }
  void cancel(std::uint64_t call) override { pool_->cancel(call); }
  std::vector<HttpAnswer> take() override { return pool_->take(); }

 private:
  std::shared_ptr<Loop> loop_;
  std::shared_ptr<Pool> pool_;  // goes before the loop that it lives on
};

}  // namespace

Status check_tls(const HttpTls& tls) {
  ssl::context context(ssl::context::tls_client);
  return prepare_tls(tls, context);
}

Result<std::unique_ptr<HttpCalls>> open_http(const HttpEndpoint& endpoint, std::function<void()> wake) {
  std::shared_ptr<Loop> loop = Loop::of_process();
  const auto pool = std::make_shared<Pool>(endpoint, loop->io(), std::move(wake));
  LEAT_TRY(pool->prepare());
  return std::unique_ptr<HttpCalls>(std::make_unique<Client>(std::move(loop), pool));
}

}  // namespace leat
