#pragma once

#include <gmock/gmock.h>

#include <leat/ingest_log.hpp>

#include "support/memory_disk.hpp"
#include "testing/fake_clock.hpp"

namespace leat {

/// A log on a disk in memory, in the test's own hands: nothing happens before `work`.
class LogTest : public ::testing::Test {
 protected:
  static constexpr const char* kFolder = "log";

  LogTest() {
    options_.folder = kFolder;
    options_.segment_bytes = 4096;
    options_.bytes_max = 1 << 20;
    options_.background = false;
    options_.clock = &clock_;
    options_.disk = &disk_;
  }

  Status reopen() {
    log_.reset();
    LEAT_TRY_ASSIGN(log_, IngestLog::open(options_));
    return {};
  }
  void must_open() {
    const Status opened = reopen();
    ASSERT_TRUE(opened) << opened.error().text();
  }

  Result<std::uint64_t> append(const std::vector<std::string>& texts) {
    std::vector<IngestLog::Entry> entries;
    for (const std::string& text : texts) entries.push_back({text, 7});
    return log_->append(entries);
  }
  /// Appends one record and makes it durable.
  void keep(const std::string& text) {
    const auto end = append({text});
    ASSERT_TRUE(end) << end.error().text();
    log_->work();
    ASSERT_EQ(log_->durable(), *end);
  }

  std::vector<std::string> texts_from(std::uint64_t offset) {
    std::vector<std::string> texts;
    auto reader = log_->read_from(offset);
    EXPECT_TRUE(reader) << reader.error().text();
    if (!reader) return texts;
    IngestRecord record;
    for (;;) {
      const auto next = (*reader)->next(record);
      EXPECT_TRUE(next) << next.error().text();
      if (!next || !*next) return texts;
      EXPECT_EQ(record.offset, offset + texts.size());
      texts.emplace_back(record.bytes);
    }
  }
  std::vector<std::string> texts() { return texts_from(log_->oldest()); }

  std::string segment(std::uint64_t base) const { return fmt::format("{}/{:020}.log", kFolder, base); }

  testing::MemoryDisk disk_;
  FakeClock clock_;
  IngestLogOptions options_;
  std::unique_ptr<IngestLog> log_;
};

}  // namespace leat
