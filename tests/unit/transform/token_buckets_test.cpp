#include "transform/token_buckets.hpp"

namespace leat {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

/// How many of `tries` rows at that moment find a token.
int taken(TokenBuckets& buckets, std::string_view key, std::int64_t now, int tries) {
  int count = 0;
  for (int at = 0; at < tries; ++at) {
    TokenBuckets::Bucket* bucket = buckets.find(key, now);
    if (bucket == nullptr || buckets.due(*bucket, now) > now) continue;
    buckets.take(*bucket, now);
    ++count;
  }
  return count;
}

TEST(TokenBuckets, hold_a_burst_and_fill_at_the_rate) {
  TokenBuckets buckets(Rate{10}, 5, 100);
  const std::int64_t start = 1000 * kSecond;
  EXPECT_EQ(taken(buckets, "a", start, 10), 5);
  EXPECT_EQ(taken(buckets, "a", start + kSecond / 10 - 1, 10), 0);
  EXPECT_EQ(taken(buckets, "a", start + kSecond / 10, 10), 1);
  EXPECT_EQ(taken(buckets, "a", start + kSecond / 2, 10), 4);
  EXPECT_EQ(taken(buckets, "a", start + 100 * kSecond, 10), 5);
  EXPECT_EQ(taken(buckets, "b", start, 10), 5);
}

TEST(TokenBuckets, keep_the_rate_over_a_long_time) {
  for (const double rate : {0.1, 3.0, 999.0, 1e6, 5e6}) {
    TokenBuckets buckets(Rate{rate}, 10, 1);
    std::int64_t now = 1000 * kSecond;
    std::uint64_t count = 0;
    const auto rows = static_cast<std::uint64_t>(std::min(rate * 1000, 200'000.0));
    for (; count < rows + 10; ++count) {
      TokenBuckets::Bucket* bucket = buckets.find("", now);
      now = buckets.due(*bucket, now);
      buckets.take(*bucket, now);
    }
    const double seconds = static_cast<double>(now - 1000 * kSecond) / 1e6;
    EXPECT_NEAR(seconds * rate / static_cast<double>(rows), 1.0, 0.011) << rate;
  }
}

TEST(TokenBuckets, forget_full_buckets_to_make_room_and_no_others) {
  TokenBuckets buckets(Rate{1}, 1, 2);
  EXPECT_EQ(taken(buckets, "a", 0, 1), 1);
  EXPECT_EQ(taken(buckets, "b", kSecond / 2, 1), 1);
  EXPECT_EQ(buckets.find("c", kSecond / 2), nullptr);
  EXPECT_EQ(taken(buckets, "c", kSecond, 1), 1);  // in the place of a
  EXPECT_EQ(buckets.find("a", kSecond), nullptr);
  EXPECT_EQ(taken(buckets, "b", kSecond, 1), 0);
}

TEST(TokenBuckets, continue_where_they_were_saved) {
  TokenBuckets buckets(Rate{1}, 3, 10);
  EXPECT_EQ(taken(buckets, "a", 0, 2), 2);
  StateWriter writer;
  buckets.save(writer, "buckets");
  TokenBuckets loaded(Rate{1}, 3, 10);
  ASSERT_TRUE(loaded.load(StateReader(writer.parts()), "buckets", Type::string));
  EXPECT_EQ(taken(loaded, "a", 0, 5), 1);
  EXPECT_FALSE(loaded.load(StateReader(writer.parts()), "other", Type::string));
}

TEST(TokenBuckets, know_rates_and_bursts_without_bounds) {
  TokenBuckets slow(Rate{1e-300}, UINT64_MAX, 1);
  EXPECT_EQ(taken(slow, "", 0, 1), 1);
  TokenBuckets fast(Rate{1e300}, 1, 1);
  EXPECT_EQ(taken(fast, "", 0, 3), 1);
  EXPECT_EQ(taken(fast, "", 1, 3000), 1);
}

}  // namespace
}  // namespace leat
