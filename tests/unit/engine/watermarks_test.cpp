#include "engine/watermarks.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

Time us(std::int64_t count) {
  return Time(Duration(count));
}

TEST(WatermarkMerger, is_the_least_of_its_inputs) {
  WatermarkMerger merger(2);
  EXPECT_FALSE(merger.update(0, us(10), false));
  EXPECT_TRUE(merger.update(1, us(5), false));
  EXPECT_EQ(merger.watermark(), us(5));
  EXPECT_TRUE(merger.update(1, us(20), false));
  EXPECT_EQ(merger.watermark(), us(10));
}

TEST(WatermarkMerger, never_goes_back) {
  WatermarkMerger merger(1);
  merger.update(0, us(10), false);
  EXPECT_FALSE(merger.update(0, us(3), false));
  EXPECT_EQ(merger.watermark(), us(10));
}

TEST(WatermarkMerger, an_idle_input_does_not_hold_back_and_may_return) {
  WatermarkMerger merger(2);
  merger.update(0, us(10), false);
  EXPECT_TRUE(merger.update(1, kTimeMin, true));
  EXPECT_EQ(merger.watermark(), us(10));
  merger.update(1, us(4), false);  // back, behind the others: time does not go back for it
  EXPECT_EQ(merger.watermark(), us(10));
  EXPECT_FALSE(merger.update(0, us(30), false));
  EXPECT_TRUE(merger.update(1, us(20), false));
  EXPECT_EQ(merger.watermark(), us(20));
}

TEST(WatermarkMerger, all_idle_stands_still_and_says_so) {
  WatermarkMerger merger(2);
  merger.update(0, us(10), false);
  merger.update(1, us(10), false);
  merger.update(0, us(10), true);
  EXPECT_TRUE(merger.update(1, us(10), true));
  EXPECT_TRUE(merger.idle());
  EXPECT_EQ(merger.watermark(), us(10));
}

TEST(WatermarkMerger, an_ended_input_does_not_hold_back_and_the_last_end_is_the_end_of_time) {
  WatermarkMerger merger(2);
  merger.update(0, us(10), false);
  EXPECT_TRUE(merger.end(1));
  EXPECT_EQ(merger.watermark(), us(10));
  EXPECT_FALSE(merger.all_ended());
  EXPECT_TRUE(merger.end(0));
  EXPECT_EQ(merger.watermark(), kTimeMax);
  EXPECT_TRUE(merger.all_ended());
  EXPECT_FALSE(merger.idle());
}

}  // namespace
}  // namespace leat
