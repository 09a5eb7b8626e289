// Power is lost at any moment, any number of times: what was called durable is there, in order and once, and
// nothing else but the beginning of what was appended behind it.

#include "unit/log/log_fixture.hpp"

namespace leat {
namespace {

class Crash : public LogTest, public ::testing::WithParamInterface<int> {
 protected:
  void append_some(std::mt19937_64& random) {
    std::vector<std::string> texts;
    for (std::uint64_t count = 1 + random() % 4; count > 0; --count)
      texts.push_back(fmt::format("{}:{}", ++made_, std::string(random() % 700, 'x')));
    if (!append(texts)) return;  // full: the reader commits sooner or later
    appended_.insert(appended_.end(), texts.begin(), texts.end());
  }

  void crash(std::mt19937_64& random) {
    const std::uint64_t durable = log_->durable();
    const std::uint64_t committed = log_->reader_committed();
    disk_.crash(random());
    const Status opened = reopen();
    ASSERT_TRUE(opened) << opened.error().text();
    ASSERT_GE(log_->next_offset(), durable);
    ASSERT_LE(log_->next_offset(), appended_.size());
    ASSERT_GE(log_->reader_committed(), committed);
    appended_.resize(log_->next_offset());
    check();
  }

  void check() {
    const std::uint64_t oldest = log_->oldest();
    ASSERT_LE(oldest, log_->reader_committed());
    const std::vector<std::string> expected(appended_.begin() + static_cast<long>(oldest),
                                            appended_.begin() + static_cast<long>(log_->durable()));
    ASSERT_EQ(texts(), expected);
  }

  std::vector<std::string> appended_;  // by offset
  std::uint64_t made_ = 0;
};

TEST_P(Crash, loses_nothing_that_was_durable) {
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()));
  options_.bytes_max = 6 * 4096;
  options_.age_max = std::chrono::seconds(20);
  must_open();
  for (int step = 0; step < 400; ++step) {
    SCOPED_TRACE(fmt::format("seed {}, step {}", GetParam(), step));
    const std::uint64_t what = random() % 20;
    if (what < 11) {
      append_some(random);
    } else if (what < 16) {
      clock_.advance(std::chrono::seconds(random() % 3));
      log_->work();
    } else if (what < 18) {
      if (log_->durable() > 0) log_->commit_reader(random() % (log_->durable() + 1));
    } else if (what == 18) {
      crash(random);
    } else {
      disk_.fail(static_cast<testing::MemoryDisk::Operation>(1 + random() % 2), Code::storage_failed);
      append_some(random);
      log_->work();
      crash(random);
    }
    if (HasFatalFailure()) return;
  }
  log_->work();
  check();
}

INSTANTIATE_TEST_SUITE_P(seeds, Crash, ::testing::Range(1, 151));

}  // namespace
}  // namespace leat
