#include "link/zmq_transport.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>
#include <zmq.hpp>

#include "unit/link/link_fixture.hpp"

namespace leat {
namespace {

struct ZmqTransportTest : testing::Test {
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "leat-link-XXXXXX";
    folder = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  ZmqTransport::Options options(std::uint32_t self, bool same_process) {
    ZmqTransport::Options options;
    options.cookie = 0x1234567890abcdef;
    options.schemas = [](std::uint32_t link) { return link == 7 ? numbers_schema() : nullptr; };
    for (std::uint32_t worker = 0; worker < 2; ++worker)
      options.peers.push_back(
          {same_process, same_process ? "inproc://w" + std::to_string(worker) : remote(worker)});
    options.endpoints = {"inproc://w" + std::to_string(self), same_process ? "" : remote(self)};
    return options;
  }
  std::string remote(std::uint32_t worker) const { return "ipc://" + folder + "/w" + std::to_string(worker); }

  static Message data(std::uint64_t sequence) {
    Message message{.kind = MessageKind::data, .channel = {7, 1, 2}, .epoch = 3, .sequence = sequence};
    message.watermark = Time(Duration(-5));
    message.idle = true;
    message.rows_total = 9;
    message.batch = numbers(static_cast<std::int64_t>(sequence), 4);
    return message;
  }
  static Message receive(ZmqTransport& transport) {
    Message message;
    while (!transport.receive(message)) transport.wait(std::chrono::seconds(5), {});
    return message;
  }

  std::string folder;
  ZmqContext context;
};

void expect_equal(const Message& got, const Message& sent) {
  EXPECT_EQ(got.kind, sent.kind);
  EXPECT_EQ(got.channel, sent.channel);
  EXPECT_EQ(got.epoch, sent.epoch);
  EXPECT_EQ(got.sequence, sent.sequence);
  EXPECT_EQ(got.watermark, sent.watermark);
  EXPECT_EQ(got.idle, sent.idle);
  EXPECT_EQ(got.rows_total, sent.rows_total);
  EXPECT_EQ(to_json_lines(got.batch), to_json_lines(sent.batch));
}

TEST_F(ZmqTransportTest, a_message_arrives_whole_within_a_process_and_across) {
  for (const bool same_process : {true, false}) {
    ZmqContext own;  // a context gives inproc names back late
    auto a = ZmqTransport::open(own, options(0, same_process));
    auto b = ZmqTransport::open(own, options(1, same_process));
    ASSERT_TRUE(a && b);
    (*a)->send(1, data(1));
    (*a)->send(1, {.kind = MessageKind::hello, .channel = {7, 0, 0}, .plan = 42, .text = "edge"});
    (*a)->flush();
    expect_equal(receive(**b), data(1));
    const Message hello = receive(**b);
    EXPECT_EQ(hello.plan, 42u);
    EXPECT_EQ(hello.text.view(), "edge");
  }
}

TEST_F(ZmqTransportTest, many_messages_between_two_flushes_keep_their_order) {
  for (const bool same_process : {true, false}) {
    ZmqContext own;
    auto a = ZmqTransport::open(own, options(0, same_process));
    auto b = ZmqTransport::open(own, options(1, same_process));
    ASSERT_TRUE(a && b);
    constexpr std::uint64_t kMessages = 3000;  // several bundles, by count and by bytes
    for (std::uint64_t sequence = 0; sequence < kMessages; ++sequence) (*a)->send(1, data(sequence));
    Message large = data(kMessages);
    large.batch = numbers(0, 100'000);  // more than a bundle holds
    (*a)->send(1, Message(large));
    (*a)->send(1, data(kMessages + 1));
    (*a)->flush();
    for (std::uint64_t sequence = 0; sequence < kMessages; ++sequence)
      expect_equal(receive(**b), data(sequence));
    EXPECT_EQ(receive(**b).batch.row_count(), 100'000u);
    expect_equal(receive(**b), data(kMessages + 1));
  }
}

TEST_F(ZmqTransportTest, nothing_leaves_before_a_flush) {
  auto a = ZmqTransport::open(context, options(0, true));
  auto b = ZmqTransport::open(context, options(1, true));
  (*a)->send(1, data(0));
  Message none;
  EXPECT_FALSE((*b)->receive(none));
  (*a)->flush();
  EXPECT_EQ(receive(**b).sequence, 0u);
}

TEST_F(ZmqTransportTest, rows_within_a_process_are_shared_not_copied) {
  auto a = ZmqTransport::open(context, options(0, true));
  auto b = ZmqTransport::open(context, options(1, true));
  const Message sent = data(0);
  (*a)->send(1, Message(sent));
  (*a)->flush();
  EXPECT_EQ(receive(**b).batch.column(0).parts().values, sent.batch.column(0).parts().values);
}

TEST_F(ZmqTransportTest, an_endpoint_in_use_is_named) {
  auto a = ZmqTransport::open(context, options(0, false));
  ZmqTransport::Options again = options(0, false);
  again.endpoints.inproc = "inproc://other";
  zmq::socket_t taken(context.get(), zmq::socket_type::pull);
  taken.bind("tcp://127.0.0.1:*");
  again.endpoints.remote = taken.get(zmq::sockopt::last_endpoint);
  const auto b = ZmqTransport::open(context, std::move(again));
  ASSERT_FALSE(b);
  EXPECT_EQ(b.error().code, Code::address_in_use);
  EXPECT_NE(b.error().place.find("tcp://127.0.0.1:"), std::string::npos);
}

TEST_F(ZmqTransportTest, hostile_frames_are_counted_and_dropped) {
  auto b = ZmqTransport::open(context, options(1, false));
  zmq::socket_t attacker(context.get(), zmq::socket_type::push);
  attacker.connect(remote(1));
  const auto frame = [&](const std::string& bytes, bool more) {
    attacker.send(zmq::buffer(bytes), more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  };
  frame("", false);
  frame(std::string(16, '\x41'), false);  // as long as an in-process handle, with a wrong cookie
  frame(std::string(1000, '\xff'), false);
  frame("a", true);
  frame("b", true);
  frame("c", false);
  auto a = ZmqTransport::open(context, options(0, false));
  (*a)->send(1, data(5));
  (*a)->flush();
  EXPECT_EQ(receive(**b).sequence, 5u);
  Message none;
  while (!(*b)->receive(none) && (*b)->malformed_count() < 4) (*b)->wait(std::chrono::seconds(5), {});
  EXPECT_EQ((*b)->malformed_count(), 4u);
}

TEST_F(ZmqTransportTest, who_has_never_looked_sleeps_until_something_comes) {
  auto a = ZmqTransport::open(context, options(0, true));
  auto b = ZmqTransport::open(context, options(1, true));
  ASSERT_TRUE(a && b);
  const auto begin = std::chrono::steady_clock::now();
  (*a)->wait(std::chrono::milliseconds(50), {});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(50));
  (*b)->send(0, data(1));
  (*b)->flush();
  (*a)->wait(std::chrono::seconds(60), {});  // ends by what has come
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(50));
  EXPECT_EQ(receive(**a).sequence, 1u);
}

TEST_F(ZmqTransportTest, wake_ends_a_wait_from_another_thread) {
  auto a = ZmqTransport::open(context, options(0, true));
  std::thread waker([&] { (*a)->wake(); });
  (*a)->wait(Duration(-1), {});  // would hang without the wake
  waker.join();
}

}  // namespace
}  // namespace leat
