#include <gtest/gtest.h>

#include "control/control_wire.hpp"
#include "fuzz/entries.hpp"
#include "state.pb.h"
#include "state/snapshot.hpp"
#include "support/damage.hpp"
#include "support/fuzz_corpus.hpp"

// Damaged inputs through the same doors as libFuzzer's; the same ones in every run. A broken promise aborts.
namespace leat {
namespace {

using testing::try_corpus, testing::try_damaged;

TEST(StateFuzzing, damaged_parts_of_checkpoints_are_read_or_refused) {
  std::map<CellName, CellState> states;
  states[{"sums", 0}] = {.parts = {{"totals", std::string(50, 'x')}, {"", ""}}};
  states[{"sums", 1}] = {.ended = true};
  try_damaged({encode_snapshot({}), encode_snapshot(states)}, 5'000, fuzz::try_snapshot);
  EXPECT_GT(try_corpus("snapshot", fuzz::try_snapshot), 2);
}

TEST(StateFuzzing, damaged_manifests_are_read_or_refused) {
  wire::Manifest manifest;
  manifest.set_version(1);
  manifest.set_topology("t");
  manifest.set_checkpoint(7);
  manifest.add_snapshots()->set_name("snapshot-1-7-0");
  try_damaged({'\1' + manifest.SerializeAsString(), "0000000000000000\n"}, 200, fuzz::try_manifest);
  EXPECT_GT(try_corpus("manifest", fuzz::try_manifest), 2);
}

TEST(StateFuzzing, damaged_control_messages_are_read_or_refused) {
  std::vector<std::string> seeds;
  for (const ControlKind kind : {ControlKind::hello, ControlKind::saved, ControlKind::give_up})
    seeds.push_back(encode_control(
        {.kind = kind, .host = 1, .epoch = 3, .snapshots = {{"snapshot-1-2-3", 4, 5}}, .text = "why"}, "t"));
  try_damaged(seeds, 5'000, fuzz::try_control);
  EXPECT_GT(try_corpus("control", fuzz::try_control), 2);
}

}  // namespace
}  // namespace leat
