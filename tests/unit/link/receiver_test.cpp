#include "link/receiver.hpp"

#include <gtest/gtest.h>

#include "unit/link/link_fixture.hpp"

namespace leat {
namespace {

struct ReceiverTest : testing::Test {
  ChannelMetrics metrics;
  Receiver receiver{{0, 0, 0}, 1, {100, 1 << 20}, false, metrics};

  Message data(std::uint64_t sequence, std::int64_t first, std::int64_t count, std::uint64_t rows_before) {
    Message message{.kind = MessageKind::data, .epoch = 1, .sequence = sequence, .rows_total = rows_before};
    message.batch = numbers(first, count);
    return message;
  }
};

TEST_F(ReceiverTest, a_hello_is_answered_with_the_whole_window) {
  const Message ready = receiver.on_hello();
  EXPECT_EQ(ready.kind, MessageKind::ready);
  EXPECT_EQ(ready.rows_total, 100u);
}

TEST_F(ReceiverTest, messages_come_out_in_order) {
  receiver.on_hello();
  receiver.on_message(data(0, 0, 5, 0));
  receiver.on_message(data(1, 5, 5, 5));
  EXPECT_EQ(metrics.rows_queued.get(), 10u);
  EXPECT_EQ(receiver.take().batch.column(0).int64(0), 0);
  EXPECT_EQ(receiver.take().batch.column(0).int64(0), 5);
  EXPECT_FALSE(receiver.has_next());
}

TEST_F(ReceiverTest, a_message_of_another_epoch_is_dropped_on_sight) {
  receiver.on_hello();
  Message old = data(0, 0, 5, 0);
  old.epoch = 0;
  receiver.on_message(std::move(old));
  EXPECT_FALSE(receiver.has_next());
  EXPECT_EQ(metrics.stale.get(), 1u);
}

TEST_F(ReceiverTest, a_repeated_message_is_dropped) {
  receiver.on_hello();
  receiver.on_message(data(0, 0, 5, 0));
  receiver.on_message(data(0, 0, 5, 0));
  EXPECT_EQ(metrics.duplicates.get(), 1u);
  EXPECT_EQ(metrics.rows_received.get(), 5u);
}

TEST_F(ReceiverTest, a_gap_is_counted_in_messages_and_rows_and_its_credit_returns) {
  receiver.on_hello();
  receiver.on_message(data(0, 0, 5, 0));
  receiver.on_message(data(3, 50, 5, 50));
  EXPECT_EQ(metrics.gaps.get(), 2u);
  EXPECT_EQ(metrics.rows_lost.get(), 45u);
  while (receiver.has_next()) receiver.processed(receiver.take().batch.row_count(), 0);
  const auto credit = receiver.reply();
  ASSERT_TRUE(credit);
  EXPECT_EQ(credit->rows_total, 155u);
}

TEST_F(ReceiverTest, credit_is_granted_for_what_was_processed_only) {
  receiver.on_hello();
  receiver.on_message(data(0, 0, 50, 0));
  EXPECT_FALSE(receiver.reply());
  receiver.take();
  receiver.processed(50, 100);
  const auto credit = receiver.reply();
  ASSERT_TRUE(credit);
  EXPECT_EQ(credit->kind, MessageKind::credit);
  EXPECT_EQ(credit->rows_total, 150u);
  EXPECT_FALSE(receiver.reply());
}

TEST_F(ReceiverTest, the_end_is_acknowledged_once_after_it_was_taken) {
  receiver.on_hello();
  receiver.on_message(data(0, 0, 5, 0));
  receiver.on_message({.kind = MessageKind::fin, .epoch = 1, .sequence = 1, .rows_total = 5});
  receiver.take();
  EXPECT_FALSE(receiver.closed());
  receiver.take();
  const auto ack = receiver.reply();
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->kind, MessageKind::fin_ack);
  EXPECT_TRUE(receiver.closed());
  EXPECT_FALSE(receiver.reply());
}

TEST_F(ReceiverTest, a_restarted_producer_begins_anew) {
  receiver.on_hello();
  receiver.on_message(data(0, 0, 5, 0));
  EXPECT_EQ(receiver.on_hello().rows_total, 100u);
  receiver.on_message(data(0, 0, 5, 0));
  EXPECT_EQ(metrics.duplicates.get(), 0u);
  EXPECT_EQ(metrics.rows_received.get(), 10u);
}

}  // namespace
}  // namespace leat
