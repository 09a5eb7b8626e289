#include "publish/feed_hold.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace leat {
namespace {

std::string take(FeedHold& hold) {
  const auto item = hold.take();
  return item ? fmt::format("{} {} {} {}", item->topic, item->seq, item->total, item->row) : "nothing";
}

TEST(FeedHold, gives_only_what_was_covered_and_released) {
  FeedHold hold;
  hold.add("a", 1, 1, "x");
  hold.release();
  EXPECT_EQ(take(hold), "nothing") << "no checkpoint covers it";
  hold.cover();
  hold.add("b", 1, 2, "y");
  EXPECT_EQ(take(hold), "nothing") << "the checkpoint does not count yet";
  hold.release();
  EXPECT_EQ(take(hold), "a 1 1 x");
  EXPECT_EQ(take(hold), "nothing");
  hold.cover();
  hold.release();
  EXPECT_EQ(take(hold), "b 1 2 y");
  EXPECT_EQ(hold.bytes(), 0u);
}

TEST(FeedHold, keeps_its_order_and_its_bounds_over_many_checkpoints) {
  FeedHold hold;
  std::uint64_t added = 0, taken = 0;
  for (int round = 0; round < 100; ++round) {
    for (int at = 0; at < 37; ++at) {
      ++added;
      hold.add("topic", added, added, std::string(at, 'x'));
    }
    hold.cover();
    hold.release();
    for (int at = 0; at < 36; ++at) {
      ++taken;
      const auto item = hold.take();
      ASSERT_TRUE(item);
      ASSERT_EQ(item->seq, taken);
    }
  }
  EXPECT_LT(hold.bytes(), 100 * 100u) << "one item more stays in each round";
  for (; taken < added; ++taken) ASSERT_EQ(hold.take()->seq, taken + 1);
  EXPECT_EQ(take(hold), "nothing");
}

TEST(FeedHold, goes_on_from_what_was_left) {
  FeedHold before;
  for (std::uint64_t n = 1; n <= 3; ++n) before.add("a", n, n, "row");
  before.cover();
  before.release();
  before.take();
  FeedHold after;
  std::vector<std::uint64_t> seen;
  ASSERT_TRUE(
      after.load(std::string(before.rest()), [&](const FeedHold::Item& item) { seen.push_back(item.seq); }));
  EXPECT_THAT(seen, ::testing::ElementsAre(2u, 3u));
  EXPECT_EQ(take(after), "a 2 2 row");
}

TEST(FeedHold, refuses_what_is_no_rest) {
  FeedHold good;
  good.add("a", 1, 1, "row");
  const std::string bytes(good.rest());
  const auto ignore = [](const FeedHold::Item&) {};
  EXPECT_TRUE(FeedHold().load("", ignore));
  EXPECT_TRUE(FeedHold().load(bytes + bytes, ignore));
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const Status loaded = FeedHold().load(bytes.substr(0, size), ignore);
    ASSERT_FALSE(loaded) << size;
    EXPECT_EQ(loaded.error().code, Code::corrupt_state);
  }
  for (const std::string bad : {"\x91\x01", "\xdd\xff\xff\xff\xff", "\x94\x01\x01\x01\xc4\x01x"})
    EXPECT_FALSE(FeedHold().load(bad, ignore));
}

}  // namespace
}  // namespace leat
