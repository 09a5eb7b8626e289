// The log with its own thread, and many that append.

#include <atomic>
#include <thread>

#include "support/temp_folder.hpp"
#include "unit/log/log_fixture.hpp"

namespace leat {
namespace {

class Threads : public LogTest {
 protected:
  Threads() {
    options_.background = true;
    options_.clock = &system_clock();
  }
};

TEST_F(Threads, every_appended_record_is_there_once_and_each_writers_are_in_order) {
  constexpr int kWriters = 4, kEach = 2000;
  options_.bytes_max = 64 << 20;
  options_.segment_bytes = 64 << 10;
  must_open();
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer)
    writers.emplace_back([&, writer] {
      for (int at = 0; at < kEach;) {
        const std::string text = fmt::format("{} {}", writer, at);
        const IngestLog::Entry entry{text, 0};
        const auto end = log_->append({&entry, 1});
        if (!end) {
          ASSERT_EQ(end.error().code, Code::limit_reached);
          continue;
        }
        if (++at % 100 == 0) {
          ASSERT_TRUE(log_->wait_durable(*end, std::chrono::seconds(30)));
        }
      }
    });
  for (std::thread& writer : writers) writer.join();
  ASSERT_TRUE(log_->wait_durable(kWriters * kEach, std::chrono::seconds(30)));
  std::vector<int> next(kWriters, 0);
  for (const std::string& text : texts()) {
    const int writer = text[0] - '0';
    EXPECT_EQ(std::stoi(text.substr(2)), next[static_cast<std::size_t>(writer)]++);
  }
  EXPECT_EQ(next, std::vector<int>(kWriters, kEach));
}

TEST_F(Threads, a_record_alone_waits_no_longer_than_the_group_may) {
  options_.group_wait = std::chrono::milliseconds(1);
  must_open();
  ASSERT_TRUE(append({"a"}));
  EXPECT_TRUE(log_->wait_durable(1, std::chrono::seconds(30)));
}

TEST_F(Threads, a_group_that_waits_is_written_at_once_when_it_is_large_enough_or_flushed) {
  options_.group_wait = std::chrono::hours(1);
  options_.group_bytes = 1000;
  must_open();
  ASSERT_TRUE(append({std::string(400, 'x')}));
  ASSERT_TRUE(append({std::string(600, 'x')}));
  EXPECT_TRUE(log_->wait_durable(2, std::chrono::seconds(30)));
  ASSERT_TRUE(append({"a"}));
  EXPECT_EQ(log_->wait_durable(3, Duration(0)).error().code, Code::limit_reached);
  log_->flush();
  EXPECT_TRUE(log_->wait_durable(3, std::chrono::seconds(30)));
}

TEST_F(Threads, who_asked_is_told_when_records_are_durable_and_when_the_log_dies) {
  must_open();
  std::atomic<int> calls{0};
  std::mutex mutex;
  std::condition_variable called;
  log_->on_change([&] {
    const std::lock_guard lock(mutex);
    ++calls;
    called.notify_all();
  });
  const auto wait_for_call = [&](int before) {
    std::unique_lock lock(mutex);
    return called.wait_for(lock, std::chrono::seconds(30), [&] { return calls > before; });
  };
  ASSERT_TRUE(append({"a"}));
  log_->flush();
  ASSERT_TRUE(wait_for_call(0));
  EXPECT_TRUE(log_->wait_durable(1, std::chrono::seconds(30)));
  disk_.fail(testing::MemoryDisk::Operation::sync);
  const int before = calls;
  ASSERT_TRUE(append({"b"}));
  EXPECT_EQ(log_->wait_durable(2, std::chrono::seconds(30)).error().code, Code::storage_failed);
  EXPECT_TRUE(wait_for_call(before));
}

TEST_F(Threads, a_reader_follows_writers_on_a_real_disk) {
  const testing::TempFolder folder;
  options_.disk = nullptr;
  options_.folder = folder.path("deep/log");
  options_.segment_bytes = 16 << 10;
  options_.bytes_max = 64 << 10;
  must_open();
  constexpr std::uint64_t kRecords = 3000;  // more than the log holds at once
  std::thread writer([&] {
    for (std::uint64_t at = 0; at < kRecords;) {
      const std::string text = fmt::format("record {}", at);
      const IngestLog::Entry entry{text, 0};
      if (log_->append({&entry, 1}))
        ++at;
      else
        static_cast<void>(log_->wait_durable(at + 1, std::chrono::milliseconds(1)));
    }
  });
  const auto reader = *log_->read_from(0);
  IngestRecord record;
  for (std::uint64_t at = 0; at < kRecords;) {
    const auto next = reader->next(record);
    ASSERT_TRUE(next) << next.error().text();
    if (!*next) {
      static_cast<void>(log_->wait_durable(at + 1, std::chrono::seconds(1)));
      continue;
    }
    ASSERT_EQ(record.bytes, fmt::format("record {}", at));
    if (++at % 100 == 0) log_->commit_reader(at);
  }
  writer.join();
  EXPECT_LE(log_->bytes_on_disk(), options_.bytes_max);
}

}  // namespace
}  // namespace leat
