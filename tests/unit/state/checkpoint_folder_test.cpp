#include "state/checkpoint_folder.hpp"

#include <gmock/gmock.h>

#include "support/tiny_disk.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<CheckpointFolder> open(const std::string& path, std::uint32_t keep = 3) {
  auto folder = CheckpointFolder::open(path, "", keep);
  EXPECT_TRUE(folder) << folder.error().text();
  return folder ? *std::move(folder) : nullptr;
}

TEST(CheckpointFolder, keeps_epoch_manifest_and_parts) {
  const testing::TempFolder temp;
  Manifest manifest{.topology = "t", .epoch = 7, .checkpoint = 41, .ended = true, .over = true};
  {
    const auto folder = open(temp.path("ck"));
    EXPECT_EQ(*folder->load_epoch(), 0u);
    EXPECT_FALSE(folder->load()->has_value());
    ASSERT_TRUE(folder->save_epoch(7));
    manifest.snapshots = {*folder->save("snapshot-7-41-0", "bytes")};
    ASSERT_TRUE(folder->save(manifest));
  }
  const auto folder = open(temp.path("ck"));
  EXPECT_EQ(*folder->load_epoch(), 7u);
  const auto loaded = folder->load();
  ASSERT_TRUE(loaded && loaded->has_value());
  EXPECT_EQ((*loaded)->topology, "t");
  EXPECT_EQ((*loaded)->checkpoint, 41u);
  EXPECT_TRUE((*loaded)->ended && (*loaded)->over);
  EXPECT_EQ(*folder->load((*loaded)->snapshots[0]), "bytes");
}

TEST(CheckpointFolder, has_one_user_at_a_time) {
  const testing::TempFolder temp;
  const auto first = open(temp.path("ck"));
  const auto second = CheckpointFolder::open(temp.path("ck"), "", 3);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::address_in_use);
  EXPECT_TRUE(CheckpointFolder::open(temp.path("ck"), "edge", 3)) << "another host may share it";
}

TEST(CheckpointFolder, refuses_what_was_changed_and_names_file_and_way_out) {
  const testing::TempFolder temp;
  const auto folder = open(temp.path("ck"));
  const SnapshotRef part = *folder->save("snapshot-1-1-0", "bytes");
  ASSERT_TRUE(folder->save(Manifest{.topology = "t", .epoch = 1, .checkpoint = 1, .snapshots = {part}}));
  ASSERT_TRUE(folder->save_epoch(1));
  for (const std::string name : {"snapshot-1-1-0", "manifest", "epoch"}) {
    std::string bytes = temp.read("ck/" + name);
    bytes.back() ^= 1;
    temp.write("ck/" + name, bytes);
  }
  const auto bytes = folder->load(part);
  const auto manifest = folder->load();
  const auto epoch = folder->load_epoch();
  ASSERT_FALSE(bytes);
  ASSERT_FALSE(manifest);
  ASSERT_FALSE(epoch);
  EXPECT_EQ(bytes.error().code, Code::corrupt_state);
  EXPECT_THAT(bytes.error().place, HasSubstr("snapshot-1-1-0"));
  EXPECT_THAT(manifest.error().message, HasSubstr("leat run --from none"));
  EXPECT_GT(*folder->load_epoch_or_new(), 1'000'000'000u);
  EXPECT_FALSE(folder->load({"snapshot-9-9-0", 1, 1})) << "missing";
}

TEST(CheckpointFolder, lets_go_of_all_but_the_newest_parts_of_its_host) {
  const testing::TempFolder temp;
  const auto folder = open(temp.path("ck"), 2);
  const SnapshotRef other = *folder->save("snapshot-1-1-1", "another host's");
  std::vector<SnapshotRef> parts;
  for (int number = 1; number <= 4; ++number) {
    parts.push_back(*folder->save("snapshot-1-" + std::to_string(number) + "-0", "x"));
    folder->tidy(parts.back().name);
  }
  EXPECT_FALSE(folder->load(parts[0]));
  EXPECT_FALSE(folder->load(parts[1]));
  EXPECT_TRUE(folder->load(parts[3]));
  EXPECT_TRUE(folder->load(other));
}

TEST(CheckpointFolder, a_full_disk_leaves_the_one_before) {
  const testing::TinyDisk disk("256k");
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const auto folder = open(disk.path("ck"));
  const SnapshotRef first = *folder->save("snapshot-1-1-0", std::string(100'000, 'a'));
  const auto second = folder->save("snapshot-1-2-0", std::string(400'000, 'b'));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::storage_full);
  EXPECT_TRUE(folder->load(first));
  EXPECT_TRUE(folder->save("snapshot-1-2-0", "small")) << "there is room again";
}

}  // namespace
}  // namespace leat
