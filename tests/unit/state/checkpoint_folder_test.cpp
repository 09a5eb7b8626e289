#include "state/checkpoint_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

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

TEST(CheckpointFolder, a_manifest_that_is_gone_is_not_taken_for_a_first_start) {
  const testing::TempFolder temp;
  const auto folder = open(temp.path("ck"));
  ASSERT_TRUE(folder->save_epoch(1));
  EXPECT_FALSE(folder->load()->has_value()) << "no checkpoint yet";
  ASSERT_TRUE(folder->save(Manifest{.topology = "t", .epoch = 1, .checkpoint = 1}));
  ASSERT_TRUE(folder->save_epoch(2));
  EXPECT_TRUE(folder->load()->has_value());
  std::filesystem::remove(temp.path("ck/manifest"));
  const auto gone = folder->load();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::corrupt_state);
  EXPECT_THAT(gone.error().message, HasSubstr("missing"));
  ASSERT_TRUE(folder->forget());
  EXPECT_FALSE(folder->load()->has_value());
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

std::string large_state(int changes) {
  std::string bytes(6'000'000, '\0');
  for (std::size_t at = 0; at < bytes.size(); ++at) bytes[at] = static_cast<char>(at * 2654435761u >> 13);
  for (int change = 0; change < changes; ++change)
    bytes[1'000'000 + 10'000 * static_cast<std::size_t>(change)] ^= 1;
  return bytes;
}

TEST(CheckpointFolder, writes_of_a_large_state_only_what_is_new_and_keeps_what_it_refers_to) {
  const testing::TempFolder temp;
  std::vector<SnapshotRef> parts;
  {
    const auto folder = open(temp.path("ck"), 2);
    for (int number = 1; number <= 6; ++number) {
      parts.push_back(*folder->save(fmt::format("snapshot-1-{}-0", number), large_state(number)));
      folder->tidy(parts.back().name);
    }
    EXPECT_GT(temp.read("ck/snapshot-1-1-0").size(), 2'000'000u);
    EXPECT_LT(temp.read("ck/snapshot-1-6-0").size(), 1'000'000u);
    EXPECT_TRUE(*folder->load(parts[4]) == large_state(5));
  }
  const auto folder = open(temp.path("ck"), 2);
  EXPECT_TRUE(*folder->load(parts[5]) == large_state(6));
  parts.push_back(*folder->save("snapshot-2-7-0", large_state(7)));
  EXPECT_LT(temp.read("ck/snapshot-2-7-0").size(), 1'000'000u) << "it goes on from the one it loaded";
  folder->tidy(parts.back().name);
  EXPECT_TRUE(*folder->load(parts[6]) == large_state(7));
}

TEST(CheckpointFolder, names_the_file_that_a_snapshot_lacks) {
  const testing::TempFolder temp;
  const auto folder = open(temp.path("ck"), 2);
  ASSERT_TRUE(folder->save("snapshot-1-1-0", large_state(1)));
  const SnapshotRef second = *folder->save("snapshot-1-2-0", large_state(2));
  std::string bytes = temp.read("ck/snapshot-1-1-0");
  bytes[bytes.size() / 2] ^= 1;
  temp.write("ck/snapshot-1-1-0", bytes);
  EXPECT_THAT(folder->load(second).error().place, HasSubstr("snapshot-1-1-0"));
  std::filesystem::remove(temp.path("ck/snapshot-1-1-0"));
  EXPECT_THAT(folder->load(second).error().message,
              HasSubstr("the file is missing, and snapshot-1-2-0 needs it"));
}

TEST(CheckpointFolder, a_state_that_changes_everywhere_does_not_pile_up) {
  const testing::TempFolder temp;
  const auto folder = open(temp.path("ck"), 1);
  for (int number = 1; number <= 8; ++number) {
    std::string bytes = large_state(0);
    for (std::size_t at = static_cast<std::size_t>(number) * 500'000; at < bytes.size(); at += 3)
      bytes[at] ^= static_cast<char>(number);
    folder->tidy(folder->save(fmt::format("snapshot-1-{}-0", number), bytes)->name);
  }
  std::uintmax_t stored = 0;
  for (const auto& file : std::filesystem::directory_iterator(temp.path("ck"))) stored += file.file_size();
  EXPECT_LT(stored, 20'000'000u);
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
