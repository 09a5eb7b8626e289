#include "state/snapshot.hpp"

#include <gtest/gtest.h>

#include <random>

namespace leat {
namespace {

std::map<CellName, CellState> some_states() {
  std::map<CellName, CellState> states;
  states[{"sums", 1}] = {.parts = {{"groups", std::string("\0\1\xff", 3)}, {"mark", ""}},
                         .watermark = Time(Duration(-5)),
                         .event_time_max = kTimeMax,
                         .ended = true};
  states[{"source", 0}];
  return states;
}

TEST(Snapshot, comes_back_as_it_was) {
  const auto decoded = decode_snapshot(encode_snapshot(some_states()));
  ASSERT_TRUE(decoded) << decoded.error().text();
  ASSERT_EQ(decoded->size(), 2u);
  const CellState& sums = decoded->at({"sums", 1});
  EXPECT_EQ(sums.parts, (some_states()[{"sums", 1}].parts));
  EXPECT_EQ(sums.watermark, Time(Duration(-5)));
  EXPECT_EQ(sums.event_time_max, kTimeMax);
  EXPECT_TRUE(sums.ended);
  EXPECT_EQ(decoded->at({"source", 0}).watermark, kTimeMin);
}

TEST(Snapshot, that_breaks_off_anywhere_or_goes_on_is_refused) {
  const std::string bytes = encode_snapshot(some_states());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto decoded = decode_snapshot(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(decoded) << length;
    EXPECT_EQ(decoded.error().code, Code::corrupt_state);
  }
  EXPECT_FALSE(decode_snapshot(bytes + "x"));
}

TEST(Snapshot, of_any_bytes_is_states_or_an_error) {
  std::mt19937 random(7);
  const std::string good = encode_snapshot(some_states());
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto decoded = decode_snapshot(bytes);
    if (!decoded) {
      EXPECT_EQ(decoded.error().code, Code::corrupt_state);
    }
  }
}

}  // namespace
}  // namespace leat
