#include "infer/remote/http_client.hpp"

#include <condition_variable>
#include <leat/testing.hpp>
#include <map>
#include <mutex>

#include "unit/infer/remote/scripted_server.hpp"

namespace leat {
namespace {

using testing::answering, testing::ok, testing::receive, testing::say, testing::Server;

/// A client whose answers are waited for.
class Client {
 public:
  explicit Client(std::uint16_t port, std::uint64_t answer_bytes_max = 1u << 20) {
    HttpEndpoint endpoint{.target = {false, "127.0.0.1", port, "/v2/models/m/infer"},
                          .headers = {{"X-Token", "secret"}},
                          .answer_bytes_max = answer_bytes_max};
    auto opened = open_http(endpoint, [this] {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      changed_.notify_all();
    });
    EXPECT_TRUE(opened);
    calls = *std::move(opened);
  }
  ~Client() { calls.reset(); }
  HttpAnswer answer(std::uint64_t call) {
    while (!answers_.contains(call)) {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, std::chrono::seconds(20), [this] { return woken_; })) {
        ADD_FAILURE() << "no answer to " << call;
        return {};
      }
      woken_ = false;
      lock.unlock();
      for (HttpAnswer& answer : calls->take()) answers_[answer.call] = std::move(answer);
    }
    return answers_.at(call);
  }
  HttpAnswer ask(std::uint64_t call, std::string body = "{}") {
    calls->send(call, std::move(body));
    return answer(call);
  }

  std::unique_ptr<HttpCalls> calls;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  std::map<std::uint64_t, HttpAnswer> answers_;
};

TEST(HttpClient, sends_a_request_and_brings_the_answer) {
  std::string request;
  Server server({[&](int socket) {
    request = receive(socket);
    say(socket,
        "HTTP/1.1 429 Slow down\r\nretry-after: 2\r\nX-Amzn-Invoked-Production-Variant: B\r\n"
        "Content-Length: 4\r\n\r\nwait");
    receive(socket);
  }});
  Client client(server.port);
  const HttpAnswer answer = client.ask(7, "{\"a\":1}");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.body, "wait");
  EXPECT_EQ(answer.variant, "B");
  EXPECT_EQ(answer.retry_after, std::chrono::seconds(2));
  EXPECT_EQ(request, "POST /v2/models/m/infer HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port) +
                         "\r\nUser-Agent: leat\r\nContent-Type: application/json\r\nAccept: "
                         "application/json\r\nX-Token: secret\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
}

TEST(HttpClient, connection_is_used_again) {
  Server server({[](int socket) {
    for (const char* body : {"one", "two", "three"}) {
      receive(socket);
      say(socket, ok(body));
    }
    receive(socket);
  }});
  Client client(server.port);
  EXPECT_EQ(client.ask(1).body, "one");
  EXPECT_EQ(client.ask(2).body, "two");
  EXPECT_EQ(client.ask(3).body, "three");
}

TEST(HttpClient, reads_answers_however_they_are_framed) {
  const std::string cases[] = {
      ok("yes"),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nye\r\n1;x=y\r\ns\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\nyes",                       // until the connection ends
      "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nyes",  // which ends as well
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nyes",
      "HTTP/1.1 100 Continue\r\n\r\n" + ok("yes"),
      ok("yes") + "and more",
  };
  std::vector<Server::Script> scripts;
  for (const std::string& text : cases) scripts.push_back(answering(text));
  Server server(std::move(scripts));
  for (std::uint64_t call = 0; call < std::size(cases); ++call) {
    Client client(server.port);
    const HttpAnswer answer = client.ask(call + 1);
    EXPECT_EQ(answer.status, 200) << cases[call] << answer.error;
    EXPECT_EQ(answer.body, "yes") << cases[call];
  }
}

TEST(HttpClient, answer_in_pieces_is_put_together) {
  Server server({[](int socket) {
    receive(socket);
    for (const char c : ok("in pieces")) say(socket, {&c, 1});
    receive(socket);
  }});
  Client client(server.port);
  EXPECT_EQ(client.ask(1).body, "in pieces");
}

TEST(HttpClient, what_is_no_answer_is_a_failure) {
  struct Case {
    const char* text;
    const char* says;
  };
  const Case cases[] = {
      {"", "cut off"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "cut off"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "cut off"},
      {"HTTP/1.1 200 O", "cut off"},
      {"SMTP ready\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", "too large"},
  };
  std::vector<Server::Script> scripts;
  for (const Case& with : cases) scripts.push_back(answering(with.text));
  Server server(std::move(scripts));
  for (const Case& with : cases) {
    Client client(server.port);
    const HttpAnswer answer = client.ask(1);
    EXPECT_EQ(answer.status, 0) << with.text;
    EXPECT_NE(answer.error.find(with.says), std::string::npos) << with.text << ": " << answer.error;
  }
}

TEST(HttpClient, connection_that_was_closed_while_idle_is_no_failure) {
  Server server({[](int socket) {
                   receive(socket);
                   say(socket, ok("first"));
                 },
                 answering(ok("second"))});
  Client client(server.port);
  EXPECT_EQ(client.ask(1).body, "first");
  EXPECT_EQ(client.ask(2).body, "second");
}

TEST(HttpClient, many_calls_are_under_way_at_once) {
  // Nobody is answered before all have asked.
  constexpr int kCalls = 50;
  std::vector<int> sockets;
  const auto keep = [&](int socket) {
    receive(socket);
    sockets.push_back(::dup(socket));
    if (sockets.size() < kCalls) return;
    for (const int each : sockets) {
      say(each, ok("all"));
      ::close(each);
    }
  };
  Server server(std::vector<Server::Script>(kCalls, keep));
  Client client(server.port);
  for (std::uint64_t call = 1; call <= kCalls; ++call) client.calls->send(call, "{}");
  for (std::uint64_t call = 1; call <= kCalls; ++call) EXPECT_EQ(client.answer(call).body, "all");
}

TEST(HttpClient, cancelled_call_closes_its_connection_and_is_never_answered) {
  std::string after = "nothing yet";
  std::mutex asked_mutex;
  std::condition_variable changed;
  bool asked = false;
  Server server({[&](int socket) {
                   receive(socket);
                   {
                     const std::lock_guard lock(asked_mutex);
                     asked = true;
                   }
                   changed.notify_all();
                   after = receive(socket);
                 },
                 answering(ok("next"))});
  Client client(server.port);
  client.calls->send(1, "{}");
  {
    std::unique_lock lock(asked_mutex);
    changed.wait(lock, [&] { return asked; });
  }
  client.calls->cancel(1);
  EXPECT_EQ(client.ask(2).body, "next");
  EXPECT_EQ(after, "");
}

TEST(HttpClient, nobody_who_listens_is_a_failure) {
  std::uint16_t port = 0;
  { port = Server({}).port; }
  Client client(port);
  const HttpAnswer answer = client.ask(1);
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.error.find("can't connect"), std::string::npos) << answer.error;
}

TEST(HttpClient, ends_with_calls_under_way) {
  Server server({[](int socket) { receive(socket), receive(socket); }});
  Client client(server.port);
  client.calls->send(1, "{}");
}

TEST(HttpClient, wakes_the_actor_that_asks) {
  Server server({answering(ok(R"({"outputs":[{"name":"minutes","data":[3]}]})"))});
  ActorHarness asking(
      "infer",
      "{ engine: remote, endpoint: { url: \"http://127.0.0.1:" + std::to_string(server.port) +
          "/v2/models/fare/infer\", outputs: { minutes: int64 } }, map: { in: { x: x }, out: trip } }",
      "{ x: float64 }");
  ASSERT_EQ(asking.problems(), "");
  ASSERT_TRUE(asking.feed(R"({"x":1.5})"));
  ASSERT_TRUE(asking.wait_woken());
  EXPECT_EQ(asking.take(), "{\"x\":1.5,\"trip_minutes\":3,\"trip_model\":\"remote/fare\"}\n");
}

TEST(HttpClient, file_of_certificates_must_be_one) {
  EXPECT_TRUE(check_tls({}));
  EXPECT_FALSE(check_tls({.ca = "/no/such/file"}));
  EXPECT_FALSE(check_tls({.ca = "/etc/hostname"}));
}

}  // namespace
}  // namespace leat
