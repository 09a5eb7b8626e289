#include "persist/kv_store.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "support/tiny_disk.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<KvStore> open(const std::string& path, bool read_only = false) {
  auto store = KvStore::open({.path = path, .read_only = read_only});
  if (!store) {
    ADD_FAILURE() << store.error().text();
    return nullptr;
  }
  return *std::move(store);
}

Status put(KvStore& store, std::string_view key, std::string_view value) {
  const KvStore::Entry entry{key, value};
  return store.put({&entry, 1});
}

std::map<std::string, std::string> all(const KvStore& store) {
  std::map<std::string, std::string> entries;
  const Status scanned = store.scan([&](KvStore::Entry entry) {
    entries.emplace(entry.key, entry.value);
    return true;
  });
  EXPECT_TRUE(scanned);
  return entries;
}

TEST(KvStore, values_come_back_in_the_order_of_the_keys) {
  const testing::TempFolder folder;
  const auto store = open(folder.path("store"));
  const KvStore::Entry entries[] = {{"a", "1"}, {"b", "2"}, {std::string_view("\0x", 2), ""}};
  ASSERT_TRUE(store->put(entries));
  const std::string_view keys[] = {"b", "missing", std::string_view("\0x", 2), "a"};
  const auto values = store->get(keys);
  ASSERT_TRUE(values);
  EXPECT_THAT(*values, ::testing::ElementsAre("2", std::nullopt, "", "1"));
}

TEST(KvStore, the_last_of_two_entries_of_a_key_wins) {
  const testing::TempFolder folder;
  const auto store = open(folder.path("store"));
  const KvStore::Entry entries[] = {{"a", "1"}, {"a", "2"}};
  ASSERT_TRUE(store->put(entries));
  EXPECT_EQ(all(*store), (std::map<std::string, std::string>{{"a", "2"}}));
}

TEST(KvStore, entries_survive_closing_and_missing_folders_are_made) {
  const testing::TempFolder folder;
  const std::string path = folder.path("a/b/c");
  ASSERT_TRUE(put(*open(path), "k", "v"));
  EXPECT_EQ(all(*open(path)), (std::map<std::string, std::string>{{"k", "v"}}));
}

// RocksDB starts threads, and ThreadSanitizer ends a forked process that does.
#ifdef __SANITIZE_THREAD__
#define SKIP_IF_FORKS_ARE_NOT_FOLLOWED() GTEST_SKIP() << "ThreadSanitizer follows no threads behind a fork"
#else
#define SKIP_IF_FORKS_ARE_NOT_FOLLOWED() static_cast<void>(0)
#endif

TEST(KvStore, entries_survive_the_death_of_the_process) {
  SKIP_IF_FORKS_ARE_NOT_FOLLOWED();
  const testing::TempFolder folder;
  const std::string path = folder.path("store");
  const pid_t child = fork();
  if (child == 0) {
    auto store = KvStore::open({.path = path});
    _exit(store && put(**store, "k", "v") ? 0 : 1);  // no destructor runs
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(all(*open(path)), (std::map<std::string, std::string>{{"k", "v"}}));
}

TEST(KvStore, a_reader_sees_a_store_that_is_open_elsewhere) {
  const testing::TempFolder folder;
  const auto writer = open(folder.path("store"));
  ASSERT_TRUE(put(*writer, "k", "v"));
  EXPECT_EQ(all(*open(folder.path("store"), true)), (std::map<std::string, std::string>{{"k", "v"}}));
}

TEST(KvStore, a_store_open_elsewhere_is_refused_with_what_to_do) {
  const testing::TempFolder folder;
  const std::string path = folder.path("store");
  const auto first = open(path);
  const auto second = KvStore::open({.path = path});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::storage_failed);
  EXPECT_EQ(second.error().place, path);
  EXPECT_THAT(second.error().message, HasSubstr("has this store open"));
}

TEST(KvStore, a_store_of_another_process_is_refused_with_what_to_do) {
  SKIP_IF_FORKS_ARE_NOT_FOLLOWED();
  const testing::TempFolder folder;
  int opened[2], leave[2];
  ASSERT_EQ(pipe(opened), 0);
  ASSERT_EQ(pipe(leave), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto store = KvStore::open({.path = folder.path("store")});
    char byte = store ? 'y' : 'n';
    (void)!write(opened[1], &byte, 1);
    close(leave[1]);
    (void)!read(leave[0], &byte, 1);  // until the parent closes its end
    _exit(0);
  }
  close(opened[1]);  // so that the death of the child ends the read
  char byte = 0;
  ASSERT_EQ(read(opened[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  const auto store = KvStore::open({.path = folder.path("store")});
  for (const int end : {opened[0], leave[0], leave[1]}) close(end);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::storage_failed);
  EXPECT_THAT(store.error().message, HasSubstr("has this store open"));
}

TEST(KvStore, a_file_in_the_way_is_named) {
  const testing::TempFolder folder;
  std::ofstream(folder.path("file")) << "x";
  for (const std::string& path : {folder.path("file"), folder.path("file/store")}) {
    const auto store = KvStore::open({.path = path});
    ASSERT_FALSE(store) << path;
    EXPECT_EQ(store.error().code, Code::storage_failed);
    EXPECT_EQ(store.error().place, path);
  }
}

TEST(KvStore, a_damaged_store_is_refused_with_what_to_do) {
  const testing::TempFolder folder;
  const std::string path = folder.path("store");
  ASSERT_TRUE(put(*open(path), "k", "v"));
  std::ofstream(path + "/CURRENT") << "MANIFEST-999999\n";
  const auto store = KvStore::open({.path = path});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, Code::storage_failed);
  EXPECT_THAT(store.error().message, HasSubstr("move the folder away to start"));
}

TEST(KvStore, a_full_disk_is_an_error_that_names_path_and_remedy) {
  const testing::TinyDisk disk("1m");
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const auto store = open(disk.path("store"));
  ASSERT_NE(store, nullptr);
  Status status;
  std::size_t written = 0;
  const std::string value(64 << 10, 'x');
  while (status && written < 1000) {
    status = put(*store, std::to_string(written), value);
    if (status) ++written;
  }
  ASSERT_FALSE(status);
  EXPECT_GT(written, 0u);
  EXPECT_EQ(status.error().code, Code::storage_full);
  EXPECT_EQ(status.error().place, disk.path("store"));
  EXPECT_THAT(status.error().message, HasSubstr("free some"));
}

TEST(KvStore, a_full_disk_is_an_error_when_the_store_is_opened_too) {
  const testing::TinyDisk disk("2m");
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const std::string path = disk.path("store"), ballast = disk.path("ballast");
  ASSERT_TRUE(put(*open(path), "k", "v"));
  std::ofstream(ballast) << std::string(4 << 20, 'x');
  const auto full = KvStore::open({.path = path});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::storage_full);
  EXPECT_THAT(full.error().message, HasSubstr("free some"));
  std::filesystem::remove(ballast);
  EXPECT_EQ(all(*open(path)), (std::map<std::string, std::string>{{"k", "v"}}));
}

TEST(KvStore, nothing_is_written_after_a_write_that_failed) {
  const testing::TinyDisk disk("1m");
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const auto store = open(disk.path("store"));
  ASSERT_FALSE(put(*store, "large", std::string(4 << 20, 'x')));
  for (const Status& later :
       {put(*store, "small", "x"), store->flush(), store->settle(0, 1), store->seal(0, 1)}) {
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, Code::storage_full);
  }
}

using Entries = std::map<std::string, std::string>;

TEST(KvStore, takes_back_what_a_writer_wrote_since_a_segment) {
  const testing::TempFolder folder;
  const auto store = open(folder.path("store"));
  const auto write = [&](std::uint64_t segment, std::string_view key, std::string_view value,
                         const std::string* before) {
    const KvStore::Entry entry{key, value};
    const KvStore::Before held{key, before};
    EXPECT_TRUE(store->put({&entry, 1}, 0, segment, {&held, 1}));
  };
  const std::string one = "1", two = "2";
  write(1, "a", "1", nullptr);
  write(2, "a", "2", &one);
  write(2, "b", "1", nullptr);
  ASSERT_TRUE(store->seal(0, 3));
  write(3, "a", "3", &two);
  ASSERT_TRUE(store->undo(1, 0));  // another writer's
  EXPECT_EQ(all(*store), (Entries{{"a", "3"}, {"b", "1"}}));
  ASSERT_TRUE(store->undo(0, 2));
  EXPECT_EQ(all(*store), (Entries{{"a", "1"}}));
  ASSERT_TRUE(store->undo(0, 2));  // nothing is left to take back
  EXPECT_EQ(all(*store), (Entries{{"a", "1"}}));
}

TEST(KvStore, keeps_what_was_settled) {
  const testing::TempFolder folder;
  {
    const auto store = open(folder.path("store"));
    const KvStore::Entry entry{"a", "1"};
    const KvStore::Before held{"a", nullptr};
    ASSERT_TRUE(store->put({&entry, 1}, 3, 7, {&held, 1}));
    ASSERT_TRUE(store->settle(3, 8));
  }
  const auto store = open(folder.path("store"));
  ASSERT_TRUE(store->undo(3, 0));
  EXPECT_EQ(all(*store), (Entries{{"a", "1"}}));
}

TEST(KvStore, a_store_that_lacks_what_was_sealed_is_refused) {
  const testing::TempFolder folder;
  const std::string path = folder.path("store");
  {
    const auto store = open(path);
    ASSERT_TRUE(store->undo(0, 0) && put(*store, "a", "1") && store->seal(0, 1));
    ASSERT_TRUE(put(*store, "b", "1") && store->seal(0, 2));
  }
  const auto refused = [](KvStore& store, std::uint64_t segment) {
    const Status undone = store.undo(0, segment);
    return !undone && undone.error().code == Code::corrupt_state;
  };
  {
    const auto store = open(path);
    EXPECT_TRUE(refused(*store, 3));
    EXPECT_TRUE(store->undo(0, 2));
    EXPECT_TRUE(store->undo(0, 1));
    EXPECT_TRUE(refused(*store, 2)) << "what was taken back is there no more";
  }
  EXPECT_TRUE(refused(*open(folder.path("another")), 1));
}

TEST(KvStore, a_log_that_was_damaged_in_the_middle_is_not_taken_for_a_whole_one) {
  const testing::TempFolder folder;
  const std::string path = folder.path("store");
  {
    const auto store = open(path);
    for (int number = 0; number < 10; ++number)
      ASSERT_TRUE(put(*store, std::to_string(number), std::string(100, 'x')));
    ASSERT_TRUE(store->seal(0, 1));
  }
  for (const auto& file : std::filesystem::directory_iterator(path)) {
    if (file.path().extension() != ".log" || file.file_size() < 500) continue;
    std::fstream log(file.path());
    log.seekp(500);
    log << "damage";
  }
  const auto store = KvStore::open({.path = path});
  EXPECT_TRUE(!store || !(*store)->undo(0, 1));
}

TEST(SharedKvStore, instances_of_one_process_share_the_store) {
  const testing::TempFolder folder;
  SharedKvStore shared({.path = folder.path("store")});
  auto first = shared.open();
  auto second = shared.open();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  first = second = std::shared_ptr<KvStore>();
  EXPECT_TRUE(KvStore::open({.path = folder.path("store")})) << "closed by the last user";
}

}  // namespace
}  // namespace leat
