#include <sys/wait.h>
#include <unistd.h>

#include <leat/ingest_log.hpp>

#include "log/disk.hpp"
#include "support/temp_folder.hpp"
#include "support/tiny_disk.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;
using testing::TinyDisk;

IngestLogOptions in_folder(const std::string& folder) {
  IngestLogOptions options;
  options.folder = folder;
  options.segment_bytes = 64 << 10;
  options.bytes_max = 1 << 20;
  options.background = false;
  return options;
}

Result<std::uint64_t> append(IngestLog& log, std::string_view text) {
  const IngestLog::Entry entry{text, 0};
  const auto end = log.append({&entry, 1});
  log.work();
  return end;
}

TEST(SystemDisk, keeps_records_across_a_restart) {
  const TempFolder folder;
  for (std::uint64_t round = 0; round < 3; ++round) {
    const auto log = IngestLog::open(in_folder(folder.path("a/b")));
    ASSERT_TRUE(log) << log.error().text();
    EXPECT_EQ((*log)->next_offset(), round);
    ASSERT_TRUE(append(**log, "text"));
    EXPECT_EQ((*log)->durable(), round + 1);
  }
}

TEST(SystemDisk, reserves_space_before_it_is_used) {
  const TempFolder folder;
  const auto file = *system_disk().open(folder.path("f"), LogDisk::Access::create);
  ASSERT_TRUE(file->reserve(100'000));
  EXPECT_EQ(*file->size(), 100'000u);
  char byte = 1;
  EXPECT_EQ(*file->read(&byte, 1, 99'999), 1u);
  EXPECT_EQ(byte, '\0');
  EXPECT_EQ(*file->read(&byte, 1, 100'000), 0u);
}

TEST(SystemDisk, says_which_file_it_can_not_open) {
  const auto file = system_disk().open("/nonexistent/file", LogDisk::Access::read);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Code::storage_failed);
  EXPECT_EQ(file.error().place, "/nonexistent/file");
  EXPECT_FALSE(IngestLog::open(in_folder("/proc/no-log-here")));
}

TEST(SystemDisk, a_second_process_is_refused_and_told_which_one_writes) {
  const TempFolder folder;
  const auto log = IngestLog::open(in_folder(folder.path("log")));
  ASSERT_TRUE(log);
  const std::string owner = std::to_string(::getpid());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto second = IngestLog::open(in_folder(folder.path("log")));
    const bool right = !second && second.error().message.find("process " + owner) != std::string::npos;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SystemDisk, a_full_disk_refuses_records_until_there_is_space) {
  const TinyDisk disk("300k");
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const auto log = IngestLog::open(in_folder(disk.path("log")));
  ASSERT_TRUE(log) << log.error().text();
  const std::string ballast = disk.path("ballast");
  { std::ofstream(ballast) << std::string(100 << 10, 'x'); }
  std::uint64_t kept = 0;
  Error refused;
  for (int at = 0; at < 1000; ++at) {
    const auto end = append(**log, std::string(1000, 'x'));
    if (!end) {
      refused = end.error();
      break;
    }
    kept = *end;
  }
  EXPECT_EQ(refused.code, Code::storage_full);
  EXPECT_EQ((*log)->durable(), kept) << "what was accepted is durable";
  std::filesystem::remove(ballast);
  (*log)->work();
  EXPECT_TRUE(append(**log, std::string(1000, 'x')));
  EXPECT_EQ((*log)->durable(), kept + 1);
}

}  // namespace
}  // namespace leat
