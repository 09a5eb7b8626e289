#include "control/control_wire.hpp"

#include <gtest/gtest.h>

#include <random>

namespace leat {
namespace {

TEST(ControlWire, every_field_arrives) {
  const ControlMessage message{.kind = ControlKind::saved,
                               .host = 3,
                               .incarnation = UINT64_MAX,
                               .plan = 5,
                               .epoch = 6,
                               .checkpoint = 7,
                               .last = true,
                               .snapshots = {{"snapshot-6-7-3", 8, 9}, {"snapshot-6-7-4", 1, 2}},
                               .text = "why"};
  const auto decoded = decode_control(encode_control(message, "t"), "t");
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_EQ(decoded->kind, message.kind);
  EXPECT_EQ(decoded->host, 3u);
  EXPECT_EQ(decoded->incarnation, UINT64_MAX);
  EXPECT_EQ(decoded->plan, 5u);
  EXPECT_EQ(decoded->epoch, 6u);
  EXPECT_EQ(decoded->checkpoint, 7u);
  EXPECT_TRUE(decoded->last);
  EXPECT_EQ(decoded->snapshots, message.snapshots);
  EXPECT_EQ(decoded->text, "why");
}

TEST(ControlWire, another_topologys_messages_are_refused) {
  const auto decoded = decode_control(encode_control({}, "other"), "t");
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Code::peer_mismatch);
}

TEST(ControlWire, a_part_named_like_a_path_is_refused) {
  ControlMessage message{.kind = ControlKind::start};
  message.snapshots = {{"../../etc/passwd", 1, 2}};
  EXPECT_FALSE(decode_control(encode_control(message, "t"), "t"));
}

TEST(ControlWire, any_bytes_are_a_message_or_an_error) {
  std::mt19937 random(3);
  const std::string good = encode_control({.kind = ControlKind::start, .snapshots = {{"s", 1, 2}}}, "t");
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    const auto decoded = decode_control(bytes, "t");
    if (decoded) {
      EXPECT_LE(static_cast<int>(decoded->kind), static_cast<int>(ControlKind::give_up));
    }
  }
}

}  // namespace
}  // namespace leat
