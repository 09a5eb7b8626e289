#include <gtest/gtest.h>

#include "batch.pb.h"
#include "batch/frame.hpp"
#include "fuzz/entries.hpp"
#include "support/damage.hpp"
#include "support/fuzz_corpus.hpp"
#include "support/sample_batches.hpp"

// Damaged inputs through the same doors as libFuzzer's; the same ones in every run. A broken promise aborts.
namespace leat {
namespace {

using testing::all_types, testing::random_batch, testing::try_damaged;

std::string frame_of(const Batch& batch) {
  wire::BatchLayout layout;
  set_layout(batch, layout);
  std::string head;
  layout.SerializeToString(&head);
  std::string body(body_size(batch), '\0');
  write_body(batch, reinterpret_cast<std::byte*>(body.data()));
  return std::string{static_cast<char>(head.size() & 0xff), static_cast<char>(head.size() >> 8)} + head +
         body;
}

TEST(Mutation, twenty_thousand_damaged_frames_are_read_or_refused) {
  std::vector<std::string> seeds;
  for (const std::uint32_t rows : {0u, 1u, 2u, 9u, 17u})
    seeds.push_back(frame_of(random_batch(all_types(), rows, rows)));
  try_damaged(seeds, 20'000, fuzz::try_frame);
}

TEST(Mutation, damaged_json_is_read_or_refused) {
  try_damaged({to_json_lines(random_batch(all_types(), 1, 1)), to_json_lines(random_batch(all_types(), 3, 2)),
               R"({"any": [[[{"a": [1, 2.5, null, "\ud83d\ude00"]}]]], "floats": [1, 2]})"},
              3'000, fuzz::try_json_rows);
}

TEST(Mutation, damaged_csv_is_read_or_refused) {
  std::string records;
  write_csv_header(*all_types(), {}, records);
  const Batch batch = random_batch(all_types(), 3, 1);
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    records += '\0';
    write_csv(batch, row, {}, records);
  }
  try_damaged({records}, 3'000, fuzz::try_csv_rows);
}

TEST(Mutation, damaged_msgpack_is_read_or_refused) {
  std::vector<std::string> seeds;
  for (const std::uint64_t seed : {1, 2, 3})
    seeds.push_back(to_msgpack(random_batch(all_types(), 1, seed), 0));
  try_damaged(seeds, 3'000, fuzz::try_msgpack_rows);
}

TEST(Mutation, the_fuzzers_corpora_pass) {
  EXPECT_GT(testing::try_corpus("frame", fuzz::try_frame), 2);
  EXPECT_GT(testing::try_corpus("json_rows", fuzz::try_json_rows), 2);
  EXPECT_GT(testing::try_corpus("csv_rows", fuzz::try_csv_rows), 2);
  EXPECT_GT(testing::try_corpus("msgpack_rows", fuzz::try_msgpack_rows), 2);
}

}  // namespace
}  // namespace leat
