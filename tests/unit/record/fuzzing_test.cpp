#include <gtest/gtest.h>

#include <leat/batch_builder.hpp>

#include "fuzz/entries.hpp"
#include "record/recording.hpp"
#include "support/damage.hpp"
#include "support/fuzz_corpus.hpp"
#include "support/temp_folder.hpp"

// The same door as libFuzzer's, with the same inputs in every run. A broken promise aborts.
namespace leat {
namespace {

std::string some_recording() {
  const testing::TempFolder folder;
  const SchemaPtr schema = Schema::make({{"n", Type::int64, false}, {"text", Type::string, true}});
  BatchBuilder rows(schema);
  rows.add(1, "one");
  rows.add(2, std::nullopt);
  const auto writer =
      *RecordingWriter::create(folder.path("a.rec"), {"t", Time(Duration(1)), {{"a", "out", 2, schema}}});
  writer->add({.instance = 1, .time = Time(Duration(2)), .rows = rows.finish(), .watermark = Time()});
  writer->add({.time = Time(Duration(3)), .watermark = Time(Duration(5))});
  writer->add({.time = Time(Duration(4)), .end = true});
  EXPECT_TRUE(writer->close());
  return folder.read("a.rec");
}

TEST(RecordFuzzing, of_damaged_recordings_what_is_read_is_sound) {
  const std::string good = some_recording();
  testing::try_damaged({'\0' + good, '\x01' + good}, 2'000, fuzz::try_recording);
  EXPECT_GT(testing::try_corpus("recording", fuzz::try_recording), 1);
}

}  // namespace
}  // namespace leat
