#include "log/inspect.hpp"

#include "unit/log/log_fixture.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;

class Inspect : public LogTest {
 protected:
  void fill(int records) {
    must_open();
    for (int at = 0; at < records; ++at) {
      keep(fmt::format("{:0100}", at));
      clock_.advance(std::chrono::seconds(1));
    }
  }
  LogPosition at(std::uint64_t offset) const { return {LogPosition::Kind::offset, offset, {}}; }
};

TEST_F(Inspect, sees_a_log_while_another_writes_it) {
  const Time begin = clock_.now();
  fill(100);
  log_->commit_reader(40);
  log_->work();
  const auto view = LogView::open(kFolder, disk_);
  ASSERT_TRUE(view) << view.error().text();
  EXPECT_EQ((*view)->oldest(), 0u);
  EXPECT_EQ((*view)->end(), 100u);
  EXPECT_EQ((*view)->reader_committed(), 40u);
  EXPECT_EQ((*view)->first_time(), begin);
  EXPECT_EQ((*view)->last_time(), begin + std::chrono::seconds(99));
  EXPECT_EQ((*view)->segments().size(), 4u);
  EXPECT_EQ((*view)->segments()[1].base, 30u);
  EXPECT_EQ((*view)->segments()[1].end, 60u);
  EXPECT_EQ((*view)->torn_bytes(), 0u);
  EXPECT_EQ(*(*view)->find({LogPosition::Kind::time, 0, begin + std::chrono::seconds(70)}), 70u);
  const auto reader = *(*view)->read_from(95);
  IngestRecord record;
  for (int left = 5; left > 0; --left) EXPECT_TRUE(*reader->next(record));
  EXPECT_FALSE(*reader->next(record));
  EXPECT_EQ(record.bytes, fmt::format("{:0100}", 99));
}

TEST_F(Inspect, a_folder_without_a_log_is_said) {
  const auto view = LogView::open("nowhere", disk_);
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Code::input_missing);
}

TEST_F(Inspect, trim_deletes_whole_segments_that_were_committed) {
  fill(100);
  log_->commit_reader(70);
  log_->work();
  log_.reset();
  EXPECT_EQ(trim_log(kFolder, at(71), false, disk_).error().code, Code::limit_reached);
  const auto trimmed = trim_log(kFolder, at(70), false, disk_);
  ASSERT_TRUE(trimmed) << trimmed.error().text();
  EXPECT_EQ(trimmed->segments, 2u);
  EXPECT_EQ(trimmed->bytes, 2u * 4096);
  EXPECT_EQ(trimmed->oldest, 60u);
  must_open();
  EXPECT_EQ(log_->oldest(), 60u);
  EXPECT_EQ(texts_from(60).size(), 40u);
}

TEST_F(Inspect, trim_by_force_moves_the_reader) {
  fill(100);
  log_.reset();
  EXPECT_THAT(trim_log(kFolder, at(50), false, disk_).error().message, HasSubstr("--force"));
  ASSERT_TRUE(trim_log(kFolder, at(50), true, disk_));
  must_open();
  EXPECT_EQ(log_->reader_committed(), 50u);
  EXPECT_EQ(log_->oldest(), 30u);
}

TEST_F(Inspect, trim_leaves_a_log_alone_that_is_being_written) {
  fill(100);
  EXPECT_THAT(trim_log(kFolder, at(50), true, disk_).error().message, HasSubstr("writes this log"));
  EXPECT_EQ(texts().size(), 100u);
}

TEST_F(Inspect, trim_refuses_what_is_behind_the_end) {
  fill(10);
  log_.reset();
  EXPECT_EQ(trim_log(kFolder, at(11), true, disk_).error().code, Code::out_of_range);
  must_open();
  EXPECT_EQ(texts().size(), 10u);
}

TEST_F(Inspect, what_a_refused_log_says_to_type_makes_it_work_again) {
  for (const std::uint64_t base : {30, 90}) {  // inside, and in the last segment
    SCOPED_TRACE(base);
    disk_.reset();
    log_.reset();
    fill(100);
    log_.reset();
    disk_.bytes(segment(base))[32 + 3 * 132 + 50] ^= 1;
    const std::string said = reopen().error().message;
    const std::size_t at_number = said.find("--before ") + 9;
    const std::uint64_t offset = std::stoull(said.substr(at_number));
    EXPECT_EQ(offset, base == 30 ? 60u : 94u) << said;
    const auto trimmed = trim_log(kFolder, at(offset), true, disk_);
    ASSERT_TRUE(trimmed) << trimmed.error().text();
    must_open();
    EXPECT_EQ(log_->oldest(), offset);
    EXPECT_EQ(log_->next_offset(), 100u);
    std::vector<std::string> expected;
    for (std::uint64_t record = offset; record < 100; ++record)
      expected.push_back(fmt::format("{:0100}", record));
    EXPECT_EQ(texts(), expected);
    keep("goes on");
  }
}

}  // namespace
}  // namespace leat
