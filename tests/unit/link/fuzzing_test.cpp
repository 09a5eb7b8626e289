#include <gtest/gtest.h>

#include "fuzz/entries.hpp"
#include "link/wire.hpp"
#include "support/damage.hpp"
#include "support/fuzz_corpus.hpp"
#include "support/sample_batches.hpp"

// Damaged inputs through the same doors as libFuzzer's; the same ones in every run. A broken promise aborts.
namespace leat {
namespace {

std::string frame_of(const Message& message) {
  FrameWriter writer;
  std::string frame(writer.prepare(message), '\0');
  writer.write(message, reinterpret_cast<std::byte*>(frame.data()));
  return frame;
}

TEST(LinkFuzzing, damaged_frames_are_read_or_refused) {
  using testing::all_types, testing::random_batch;
  Message rows{.kind = MessageKind::data, .epoch = 2, .sequence = 3, .watermark = Time(Duration(5))};
  rows.batch = random_batch(all_types(), 3, 1);
  const Message barrier{.kind = MessageKind::barrier, .channel = {0, 1, 2}, .sequence = 4, .checkpoint = 9};
  const Message hello{.kind = MessageKind::hello, .plan = 77, .text = "a host"};
  testing::try_damaged(
      {frame_of(rows), frame_of(barrier), frame_of(hello) + frame_of(rows) + frame_of(barrier)}, 10'000,
      fuzz::try_link);
  EXPECT_GT(testing::try_corpus("link", fuzz::try_link), 2);
}

}  // namespace
}  // namespace leat
