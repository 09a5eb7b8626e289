#include "publish/feed_socket.hpp"

#include <gmock/gmock.h>

#include <chrono>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::unique_ptr<FeedSocket> listen_on(const std::string& endpoint, std::uint64_t queue = 1000) {
  auto socket = FeedSocket::open({.bind = endpoint, .queue = queue});
  if (!socket) {
    ADD_FAILURE() << socket.error().text();
    return nullptr;
  }
  return *std::move(socket);
}

std::unique_ptr<FeedSubscription> subscribe(FeedSocket& socket, const std::vector<std::string>& topics,
                                            int queue = 1000) {
  auto subscription = FeedSubscription::open(connect_address(socket.endpoint()), topics, queue);
  if (!subscription) {
    ADD_FAILURE() << subscription.error().text();
    return nullptr;
  }
  return *std::move(subscription);
}

/// Waits until the publisher knows of `count` changes of subscriptions.
void await_subscriptions(FeedSocket& socket, std::uint64_t count) {
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  while (socket.read_subscriptions() < count && std::chrono::steady_clock::now() < give_up)
    socket.wait_for_subscriber(1ms);
  ASSERT_GE(socket.read_subscriptions(), count);
}

TEST(FeedSocket, a_star_for_a_port_becomes_the_one_the_kernel_chose) {
  const auto socket = listen_on("tcp://127.0.0.1:*");
  EXPECT_THAT(socket->endpoint(), StartsWith("tcp://127.0.0.1:"));
  EXPECT_THAT(socket->endpoint(), ::testing::Not(HasSubstr("*")));
}

TEST(FeedSocket, subscribers_get_the_topics_they_asked_for) {
  const testing::TempFolder folder;
  for (const std::string& endpoint : {std::string("tcp://127.0.0.1:*"), "ipc://" + folder.path("feed")}) {
    const auto socket = listen_on(endpoint);
    const auto subscription = subscribe(*socket, {"news.neg"});
    await_subscriptions(*socket, 1);
    EXPECT_TRUE(socket->wanted("news.negative"));
    EXPECT_FALSE(socket->wanted("news.positive"));
    EXPECT_TRUE(socket->send("news.positive", "1"));
    EXPECT_TRUE(socket->send("news.negative", "2"));
    const auto received = subscription->receive(10s);
    ASSERT_TRUE(received && *received) << endpoint;
    EXPECT_EQ((*received)->topic, "news.negative");
    EXPECT_EQ((*received)->body, "2");
    EXPECT_TRUE(subscription->was_connected());
  }
}

TEST(FeedSocket, what_nobody_wants_any_more_is_not_wanted) {
  const auto socket = listen_on("tcp://127.0.0.1:*");
  EXPECT_FALSE(socket->wanted("a"));
  auto subscription = subscribe(*socket, {});
  await_subscriptions(*socket, 1);
  EXPECT_TRUE(socket->wanted("a"));
  subscription.reset();
  await_subscriptions(*socket, 2);
  EXPECT_FALSE(socket->wanted("a"));
}

TEST(FeedSocket, a_full_queue_is_told_and_leaves_other_subscribers_alone) {
  const testing::TempFolder folder;
  const auto socket = listen_on("ipc://" + folder.path("feed"), 100);
  const auto slow = subscribe(*socket, {"a"}, 10);  // never reads
  await_subscriptions(*socket, 1);
  const auto quick = subscribe(*socket, {"b"});
  await_subscriptions(*socket, 2);
  const std::string body(64 << 10, 'x');
  std::size_t sent = 0;
  while (sent < 1'000'000 && socket->send("a", body)) ++sent;
  EXPECT_GE(sent, 100u);
  EXPECT_LT(sent, 1'000'000u) << "the queue is bounded";
  EXPECT_TRUE(socket->send("b", "still here"));
  const auto received = quick->receive(10s);
  ASSERT_TRUE(received && *received);
  EXPECT_EQ((*received)->body, "still here");
}

TEST(FeedSocket, a_subscriber_that_keeps_up_gets_what_a_slow_one_of_the_same_topic_misses) {
  const testing::TempFolder folder;
  const auto socket = listen_on("ipc://" + folder.path("feed"), 100);
  const auto slow = subscribe(*socket, {"a"}, 10);
  await_subscriptions(*socket, 1);
  const auto quick = subscribe(*socket, {"", "a"});
  await_subscriptions(*socket, 2);
  const std::string body(64 << 10, 'x');
  std::size_t full = 0, received = 0;
  for (std::size_t at = 0; at < 5000; ++at) {
    if (!socket->send("a", body)) ++full;
    if (const auto message = quick->receive(10s); message && *message) ++received;
  }
  EXPECT_GE(full, 1u);
  EXPECT_EQ(received, 5000u);
}

TEST(FeedSocket, closing_sends_what_is_queued) {
  const auto socket = listen_on("tcp://127.0.0.1:*");
  const auto subscription = subscribe(*socket, {});
  await_subscriptions(*socket, 1);
  for (int at = 0; at < 500; ++at) EXPECT_TRUE(socket->send("a", std::string(1000, 'x')));
  socket->close(10s);
  for (int at = 0; at < 500; ++at) {
    const auto received = subscription->receive(10s);
    ASSERT_TRUE(received && *received) << at;
  }
}

TEST(FeedSocket, an_address_in_use_is_named_with_what_to_do) {
  const auto first = listen_on("tcp://127.0.0.1:*");
  const auto second = FeedSocket::open({.bind = first->endpoint()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::address_in_use);
  EXPECT_EQ(second.error().place, first->endpoint());
  EXPECT_THAT(second.error().message, HasSubstr("stop it"));
}

TEST(FeedSocket, an_address_of_another_machine_cannot_be_bound) {
  const auto socket = FeedSocket::open({.bind = "tcp://192.0.2.1:5556"});
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, Code::bad_endpoint);
}

TEST(FeedSocket, waiting_for_a_subscriber_ends_without_one) {
  EXPECT_FALSE(listen_on("tcp://127.0.0.1:*")->wait_for_subscriber(1ms));
}

TEST(FeedSubscription, without_a_publisher_nothing_comes_and_nothing_was_connected) {
  const testing::TempFolder folder;
  const auto subscription = FeedSubscription::open("ipc://" + folder.path("nobody"), {});
  ASSERT_TRUE(subscription);
  const auto received = (*subscription)->receive(1ms);
  ASSERT_TRUE(received);
  EXPECT_FALSE(*received);
  EXPECT_FALSE((*subscription)->was_connected());
}

TEST(FeedSubscription, nonsense_is_no_endpoint) {
  for (const char* endpoint : {"", "5556", "tcp://", "tcp://localhost", "udp://127.0.0.1:5556"}) {
    const auto subscription = FeedSubscription::open(endpoint, {});
    ASSERT_FALSE(subscription) << endpoint;
    EXPECT_EQ(subscription.error().code, Code::bad_endpoint);
  }
}

TEST(FeedEndpoint, good_and_bad_ones) {
  for (const char* good :
       {"tcp://*:5556", "tcp://127.0.0.1:*", "tcp://[::1]:0", "tcp://eth0:65535", "ipc:///tmp/x"})
    EXPECT_EQ(endpoint_problem(good), "") << good;
  for (const char* bad : {"", "5556", "tcp://", "tcp://*", "tcp://*:x", "tcp://*:65536", "tcp://*:-1",
                          "ipc://", "inproc://feed", "http://127.0.0.1:80"})
    EXPECT_NE(endpoint_problem(bad), "") << bad;
  EXPECT_NE(endpoint_problem("ipc:///" + std::string(200, 'x')), "");
}

TEST(FeedEndpoint, every_network_is_reached_by_loopback) {
  EXPECT_EQ(connect_address("tcp://*:5556"), "tcp://127.0.0.1:5556");
  EXPECT_EQ(connect_address("tcp://0.0.0.0:5556"), "tcp://127.0.0.1:5556");
  EXPECT_EQ(connect_address("tcp://10.0.0.1:5556"), "tcp://10.0.0.1:5556");
}

}  // namespace
}  // namespace leat
