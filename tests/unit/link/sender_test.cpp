#include "link/sender.hpp"

#include <gtest/gtest.h>

#include "unit/link/link_fixture.hpp"

namespace leat {
namespace {

using WhenFull = Sender::Limits::WhenFull;

struct SenderTest : testing::Test {
  ChannelMetrics metrics;
  Sender make(Sender::Limits limits = {.batch_rows = 10, .linger = Duration(1000), .queue = {20}}) {
    return {{0, 0, 0}, 1, limits, metrics};
  }
};

TEST_F(SenderTest, holds_rows_back_until_the_consumer_is_ready) {
  Sender sender = make();
  sender.push(numbers(0, 10), at(0));
  EXPECT_FALSE(sender.next(at(0), true));
  EXPECT_TRUE(sender.blocked());
  sender.on_ready(100, 1 << 20);
  EXPECT_FALSE(sender.blocked());
  const auto message = sender.next(at(0), false);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->batch.row_count(), 10u);
  EXPECT_EQ(message->sequence, 0u);
}

TEST_F(SenderTest, small_batches_travel_together) {
  Sender sender = make();
  sender.on_ready(100, 1 << 20);
  for (int n = 0; n < 10; ++n) sender.push(numbers(n, 1), at(n));
  const auto message = sender.next(at(10), false);
  ASSERT_TRUE(message);
  ASSERT_EQ(message->batch.row_count(), 10u);
  EXPECT_EQ(message->batch.column(0).int64(7), 7);
  EXPECT_FALSE(sender.next(at(10), true));
}

TEST_F(SenderTest, a_partial_message_waits_for_linger_or_flush) {
  Sender sender = make();
  sender.on_ready(100, 1 << 20);
  sender.push(numbers(0, 3), at(0));
  EXPECT_FALSE(sender.next(at(999), false));
  EXPECT_TRUE(sender.next(at(1000), false));
  sender.push(numbers(3, 3), at(1001));
  EXPECT_FALSE(sender.next(at(1002), false));
  EXPECT_TRUE(sender.next(at(1002), true));
}

TEST_F(SenderTest, stops_without_credit_and_goes_on_with_it) {
  Sender sender = make();
  sender.on_ready(5, 1 << 20);
  sender.push(numbers(0, 10), at(0));
  EXPECT_TRUE(sender.next(at(0), true));  // overshoots once
  sender.push(numbers(10, 10), at(0));
  EXPECT_TRUE(sender.blocked());
  EXPECT_FALSE(sender.next(at(5000), true));
  sender.on_credit(15, 1 << 20);
  EXPECT_TRUE(sender.next(at(5000), true));
  EXPECT_EQ(metrics.rows_sent.get(), 20u);
}

TEST_F(SenderTest, what_was_processed_is_known_from_credit_and_at_the_end) {
  Sender sender = make();
  sender.on_ready(100, 1 << 20);
  sender.push(numbers(0, 30), at(0));
  ASSERT_TRUE(sender.next(at(0), true));
  EXPECT_EQ(metrics.rows_confirmed.get(), 0u);
  sender.on_credit(125, 1 << 20);
  EXPECT_EQ(metrics.rows_confirmed.get(), 25u);
  sender.on_credit(110, 1 << 20);  // overtaken
  EXPECT_EQ(metrics.rows_confirmed.get(), 25u);
  sender.finish();
  ASSERT_TRUE(sender.next(at(1), true));
  sender.on_fin_ack();
  EXPECT_EQ(metrics.rows_confirmed.get(), 30u);
}

TEST_F(SenderTest, drop_newest_keeps_what_waits) {
  Sender sender = make({.batch_rows = 10, .queue = {20}, .when_full = WhenFull::drop_newest});
  for (int n = 0; n < 5; ++n) sender.push(numbers(n * 10, 10), at(0));
  EXPECT_FALSE(sender.blocked());
  EXPECT_EQ(metrics.rows_dropped_newest.get(), 30u);
  sender.on_ready(100, 1 << 20);
  EXPECT_EQ(sender.next(at(0), true)->batch.column(0).int64(0), 0);
}

TEST_F(SenderTest, drop_oldest_keeps_what_came_last) {
  Sender sender = make({.batch_rows = 10, .queue = {20}, .when_full = WhenFull::drop_oldest});
  for (int n = 0; n < 5; ++n) sender.push(numbers(n * 10, 10), at(0));
  EXPECT_EQ(metrics.rows_dropped_oldest.get(), 30u);
  sender.on_ready(100, 1 << 20);
  EXPECT_EQ(sender.next(at(0), true)->batch.column(0).int64(0), 30);
}

TEST_F(SenderTest, a_watermark_never_overtakes_rows) {
  Sender sender = make();
  sender.on_ready(100, 1 << 20);
  sender.push(numbers(0, 8), at(0));
  sender.push(numbers(8, 8), at(0));
  sender.set_watermark(Time(Duration(77)), false);
  const auto first = sender.next(at(0), true);
  const auto second = sender.next(at(0), true);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->watermark, kTimeMin);
  EXPECT_EQ(second->watermark, Time(Duration(77)));
  EXPECT_FALSE(sender.next(at(0), true));
}

TEST_F(SenderTest, a_watermark_goes_alone_when_no_rows_come) {
  Sender sender = make();
  sender.on_ready(100, 1 << 20);
  sender.set_watermark(Time(Duration(5)), false);
  sender.set_watermark(Time(Duration(4)), false);  // never back
  const auto message = sender.next(at(0), true);
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->batch.empty());
  EXPECT_EQ(message->watermark, Time(Duration(5)));
}

TEST_F(SenderTest, the_end_follows_the_last_row_and_is_acknowledged) {
  Sender sender = make();
  sender.on_ready(100, 1 << 20);
  sender.push(numbers(0, 3), at(0));
  sender.finish();
  EXPECT_EQ(sender.next(at(0), false)->kind, MessageKind::data);
  const auto fin = sender.next(at(0), false);
  ASSERT_TRUE(fin);
  EXPECT_EQ(fin->kind, MessageKind::fin);
  EXPECT_EQ(fin->rows_total, 3u);
  EXPECT_FALSE(sender.closed());
  sender.on_fin_ack();
  EXPECT_TRUE(sender.closed());
}

}  // namespace
}  // namespace leat
