#include "publish/feed_replay.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <leat/codec.hpp>
#include <thread>
#include <zmq.hpp>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using By = FeedRing::Query::By;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A server over a ring with three items of a topic.
class FeedReplayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::uint64_t seq = 1; seq <= 3; ++seq) ring_->add("a", seq, seq, fmt::format("body{}", seq), {});
    serve("ipc://" + folder_.path("replay"));
  }
  void serve(const std::string& bind) {
    auto server = FeedReplayServer::open({.bind = bind, .feed = "f00d", .run = 5, .ring = ring_});
    ASSERT_TRUE(server) << server.error().text();
    server_ = *std::move(server);
    client_ = *FeedReplayClient::open(server_->endpoint());
  }
  zmq::socket_t socket(zmq::socket_type type) {
    zmq::socket_t socket(context_, type);
    socket.set(zmq::sockopt::rcvtimeo, 10'000);
    socket.set(zmq::sockopt::linger, 0);
    socket.connect(server_->endpoint());
    return socket;
  }
  /// The header of what comes next, as JSON; the frames behind it are counted in `more`.
  static std::string header(zmq::socket_t& socket, int* more = nullptr) {
    zmq::message_t frame;
    if (!socket.recv(frame)) return "nothing";
    const std::string json = *msgpack_to_json(frame.to_string_view());
    while (frame.more() && socket.recv(frame))
      if (more != nullptr) ++*more;
    return json;
  }

  testing::TempFolder folder_;
  std::shared_ptr<FeedRing> ring_ = std::make_shared<FeedRing>(FeedRing::Limits{Bytes{128u << 20}, 1min});
  std::unique_ptr<FeedReplayServer> server_;
  std::unique_ptr<FeedReplayClient> client_;
  zmq::context_t context_;
};

TEST_F(FeedReplayTest, an_answer_has_the_messages_as_they_were_sent) {
  const auto replay = client_->ask({.feed = "f00d", .query = {By::topic, "a", 2, 3}}, 10s);
  ASSERT_TRUE(replay) << replay.error().text();
  ASSERT_EQ(replay->messages.size(), 2u);
  EXPECT_EQ(replay->messages[0].topic, "a");
  EXPECT_EQ(replay->messages[0].body, "body2");
  EXPECT_EQ(replay->messages[1].body, "body3");
  EXPECT_EQ(replay->header.feed, "f00d");
  EXPECT_EQ(replay->header.run, 5);
  EXPECT_EQ(replay->header.oldest, 1u);
  EXPECT_EQ(replay->header.last, 3u);
  EXPECT_EQ(server_->requests(), 1u);
}

TEST_F(FeedReplayTest, what_is_gone_is_told_by_the_oldest_that_is_left) {
  ring_->expire(Time(1h));
  const auto replay = client_->ask({.query = {By::topic, "a", 1, 3}}, 10s);
  ASSERT_TRUE(replay);
  EXPECT_TRUE(replay->messages.empty());
  EXPECT_EQ(replay->header.oldest, 4u);
}

TEST_F(FeedReplayTest, numbers_of_another_feed_are_refused) {
  const auto replay = client_->ask({.feed = "beef", .query = {By::topic, "a"}}, 10s);
  ASSERT_FALSE(replay);
  EXPECT_THAT(replay.error().message, HasSubstr("this is feed f00d"));
}

TEST_F(FeedReplayTest, a_req_socket_may_ask_as_well) {
  zmq::socket_t request = socket(zmq::socket_type::req);
  for (int round = 0; round < 2; ++round) {
    request.send(zmq::buffer(*json_to_msgpack(R"({"topic":"a","from":3,"later":true})")),
                 zmq::send_flags::none);
    int more = 0;
    EXPECT_EQ(header(request, &more), R"({"id":0,"feed":"f00d","run":5,"oldest":1,"last":3,"next":0})");
    EXPECT_EQ(more, 2);
  }
}

TEST_F(FeedReplayTest, a_hostile_request_gets_an_error_and_the_next_one_an_answer) {
  zmq::socket_t dealer = socket(zmq::socket_type::dealer);
  const auto send = [&](std::string_view bytes, zmq::send_flags flags = zmq::send_flags::none) {
    dealer.send(zmq::buffer(bytes), flags);
  };
  for (const char* json :
       {"1", "[]", "{}", R"({"topic":1})", R"({"topic":"a","prefix":"a"})", R"({"topic":"a","from":-1})",
        R"({"prefix":"","to":1.5})", R"({"feed":[],"topic":"a"})"}) {
    send(*json_to_msgpack(json));
    EXPECT_THAT(header(dealer), HasSubstr("\"error\":\"malformed_frame\"")) << json;
  }
  for (const std::string& bytes :
       {std::string(), std::string("\xdf\xff\xff\xff\xff"), std::string(60'000, '\x91')}) {
    send(bytes);
    EXPECT_THAT(header(dealer), HasSubstr("\"error\":\"malformed_frame\""));
  }
  for (int frames : {2, 3, 20}) {
    for (int at = 1; at < frames; ++at) send("x", zmq::send_flags::sndmore);
    send(*json_to_msgpack(R"({"topic":"a"})"));
    EXPECT_THAT(header(dealer), HasSubstr("\"error\":\"malformed_frame\"")) << frames;
  }
  send(*json_to_msgpack(R"({"id":9,"topic":"a"})"));
  EXPECT_THAT(header(dealer), StartsWith("{\"id\":9,"));
}

TEST_F(FeedReplayTest, an_oversized_request_ends_only_its_own_connection) {
  zmq::socket_t hostile = socket(zmq::socket_type::dealer);
  hostile.send(zmq::buffer(std::string(100 << 10, 'x')), zmq::send_flags::none);
  EXPECT_TRUE(client_->ask({.query = {By::topic, "a"}}, 10s));
}

TEST_F(FeedReplayTest, a_client_that_does_not_read_is_in_nobodys_way) {
  for (std::uint64_t seq = 4; seq <= 60; ++seq) ring_->add("a", seq, seq, std::string(1 << 20, 'x'), {});
  zmq::socket_t deaf = socket(zmq::socket_type::dealer);
  deaf.set(zmq::sockopt::rcvhwm, 1);
  for (int at = 0; at < 500; ++at)
    deaf.send(zmq::buffer(*json_to_msgpack(R"({"topic":"a","from":30,"to":30})")), zmq::send_flags::none);
  const auto replay = client_->ask({.query = {By::topic, "a", 2, 2}}, 10s);
  ASSERT_TRUE(replay) << replay.error().text();
  EXPECT_EQ(replay->messages.size(), 1u);
}

TEST_F(FeedReplayTest, without_a_server_there_is_no_answer) {
  server_.reset();
  const auto replay = client_->ask({.query = {By::topic, "a"}}, 20ms);
  ASSERT_FALSE(replay);
  EXPECT_EQ(replay.error().code, Code::unreachable);
}

TEST_F(FeedReplayTest, items_that_were_lent_outlive_the_ring_and_the_server) {
  ring_->add("a", 4, 4, std::string(1 << 20, 'x'), {});
  zmq::socket_t dealer = socket(zmq::socket_type::dealer);
  dealer.send(zmq::buffer(*json_to_msgpack(R"({"topic":"a","from":4})")), zmq::send_flags::none);
  int more = 0;
  header(dealer, &more);
  server_.reset();
  ring_.reset();
  EXPECT_EQ(more, 2);
}

TEST_F(FeedReplayTest, an_address_in_use_is_named_with_its_option) {
  serve("tcp://127.0.0.1:*");
  const auto second = FeedReplayServer::open({.bind = server_->endpoint(), .ring = ring_});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::address_in_use);
  EXPECT_THAT(second.error().message, HasSubstr("`replay.bind`"));
}

TEST(FeedReplayAddress, is_beside_the_feed_unless_somebody_says_so) {
  EXPECT_EQ(replay_bind("tcp://127.0.0.1:5556"), "tcp://127.0.0.1:*");
  EXPECT_EQ(replay_bind("tcp://0.0.0.0:5556"), "tcp://0.0.0.0:*");
  EXPECT_EQ(replay_bind("tcp://[::1]:5556"), "tcp://[::1]:*");
  EXPECT_EQ(replay_bind("ipc:///tmp/feed"), "ipc:///tmp/feed.replay");
  EXPECT_EQ(replay_bind("ipc:///" + std::string(100, 'x')), "ipc://*");
}

TEST(FeedReplayAddress, of_all_networks_is_where_the_subscriber_found_the_feed) {
  EXPECT_EQ(replay_address("tcp://0.0.0.0:40001"), "tcp://*:40001");
  EXPECT_EQ(replay_address("tcp://[::]:40001"), "tcp://*:40001");
  EXPECT_EQ(replay_address("tcp://10.0.0.1:40001"), "tcp://10.0.0.1:40001");
  EXPECT_EQ(replay_endpoint("tcp://*:40001", "tcp://10.0.0.1:5556"), "tcp://10.0.0.1:40001");
  EXPECT_EQ(replay_endpoint("tcp://*:40001", "tcp://[fe80::1]:5556"), "tcp://[fe80::1]:40001");
  EXPECT_EQ(replay_endpoint("tcp://*:40001", "ipc:///tmp/feed"), "tcp://127.0.0.1:40001");
  EXPECT_EQ(replay_endpoint("ipc:///tmp/feed.replay", "ipc:///tmp/feed"), "ipc:///tmp/feed.replay");
}

}  // namespace
}  // namespace leat
