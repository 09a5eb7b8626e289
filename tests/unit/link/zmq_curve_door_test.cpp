#include "link/zmq_curve_door.hpp"

#include <gmock/gmock.h>
#include <poll.h>

#include <algorithm>
#include <condition_variable>
#include <deque>

#include "link/zmq_mailbox.hpp"
#include "link/zmq_transport.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

/// What doors say, from their threads.
class Sayings {
 public:
  std::function<void(LogLevel, const std::string&)> log() {
    return [this](LogLevel, const std::string& text) {
      const std::lock_guard lock(mutex_);
      texts_.push_back(text);
      said_.notify_all();
    };
  }
  /// Waits until something with this part is said.
  bool say(const std::string& part) {
    std::unique_lock lock(mutex_);
    return said_.wait_for(lock, std::chrono::seconds(30), [&] {
      return std::ranges::any_of(texts_, [&](const auto& text) { return text.find(part) != text.npos; });
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable said_;
  std::deque<std::string> texts_;
};

class CurveDoorTest : public ::testing::Test {
 protected:
  CurveDoorTest() {
    for (const std::string& host : hosts_) EXPECT_TRUE(folder_keys_.make(host));
  }
  HostKeys keys(const std::string& host) { return *folder_keys_.load(host, hosts_); }

  /// A mailbox on a port that the kernel has chosen.
  std::string bind(ZmqContext& context, std::unique_ptr<ZmqMailbox>& mailbox) {
    auto opened = ZmqMailbox::open(context, "tcp://127.0.0.1:*");
    EXPECT_TRUE(opened);
    mailbox = *std::move(opened);
    return mailbox->endpoint();
  }
  /// Sends until it arrives: a lone message of a socket that is refused is not lost, it just never goes.
  static std::string receive(ZmqMailbox& mailbox) {
    std::string bytes;
    pollfd item{mailbox.fd(), POLLIN, 0};
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!mailbox.receive(bytes) && std::chrono::steady_clock::now() < until) ::poll(&item, 1, 1000);
    return bytes;
  }

  const std::vector<std::string> hosts_{"edge", "core"};
  TempFolder folder_;
  KeyFolder folder_keys_{folder_.path("keys")};
  Sayings edge_says_, core_says_;
};

TEST_F(CurveDoorTest, hosts_with_their_keys_reach_each_other_and_nobody_else_does) {
  ZmqContext edge, core, stranger;
  ASSERT_TRUE(edge.encrypt(keys("edge"), edge_says_.log()));
  ASSERT_TRUE(core.encrypt(keys("core"), core_says_.log()));
  std::unique_ptr<ZmqMailbox> at_core, at_edge, at_stranger;
  const std::string endpoint = bind(core, at_core);
  bind(edge, at_edge);
  bind(stranger, at_stranger);
  at_stranger->send("core", endpoint, "plain");
  EXPECT_TRUE(core_says_.say("refused a connection to tcp://127.0.0.1:"));  // whoever breaks it off first
  at_edge->send("core", endpoint, "hello");
  EXPECT_EQ(receive(*at_core), "hello");
  std::string more;
  EXPECT_FALSE(at_core->receive(more)) << more;
}

TEST_F(CurveDoorTest, a_key_that_is_no_hosts_is_refused_and_both_sides_say_so) {
  const KeyFolder elsewhere(folder_.path("elsewhere"));
  for (const std::string& host : hosts_) ASSERT_TRUE(elsewhere.make(host));
  HostKeys foreign = *elsewhere.load("edge", hosts_);
  foreign.known["core"] = keys("core").own.public_key;
  ZmqContext edge, core;
  ASSERT_TRUE(edge.encrypt(foreign, edge_says_.log()));
  ASSERT_TRUE(core.encrypt(keys("core"), core_says_.log()));
  std::unique_ptr<ZmqMailbox> at_core, at_edge;
  const std::string endpoint = bind(core, at_core);
  bind(edge, at_edge);
  at_edge->send("core", endpoint, "hello");
  EXPECT_TRUE(core_says_.say("its public key " + foreign.own.public_key + " is that of no host here"));
  EXPECT_TRUE(edge_says_.say("host `core` refuses the key of `edge`: copy edge.pub to it"));
  std::string bytes;
  EXPECT_FALSE(at_core->receive(bytes)) << bytes;
}

TEST_F(CurveDoorTest, a_wrong_public_key_of_the_other_host_is_named_on_both_sides) {
  HostKeys mistaken = keys("edge");
  mistaken.known["core"] = mistaken.own.public_key;
  ZmqContext edge, core;
  ASSERT_TRUE(edge.encrypt(mistaken, edge_says_.log()));
  ASSERT_TRUE(core.encrypt(keys("core"), core_says_.log()));
  std::unique_ptr<ZmqMailbox> at_core, at_edge;
  const std::string endpoint = bind(core, at_core);
  bind(edge, at_edge);
  at_edge->send("core", endpoint, "hello");
  EXPECT_TRUE(core_says_.say("it was meant for another key than that of `core`"));
  EXPECT_TRUE(edge_says_.say("perhaps core.pub here is not its key"));
  std::string bytes;
  EXPECT_FALSE(at_core->receive(bytes)) << bytes;
}

TEST_F(CurveDoorTest, sockets_within_the_machine_stay_plain) {
  ZmqContext edge, other;
  ASSERT_TRUE(edge.encrypt(keys("edge"), edge_says_.log()));
  auto here = ZmqMailbox::open(edge, "ipc://" + folder_.path("edge"));
  auto there = ZmqMailbox::open(other, "ipc://" + folder_.path("other"));
  ASSERT_TRUE(here && there);
  (*there)->send("edge", (*here)->endpoint(), "hello");
  EXPECT_EQ(receive(**here), "hello");
}

}  // namespace
}  // namespace leat
