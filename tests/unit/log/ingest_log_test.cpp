#include "unit/log/log_fixture.hpp"

namespace leat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemoryDisk;

using IngestLogTest = LogTest;

TEST_F(IngestLogTest, gives_back_what_was_appended_in_order_with_time_and_tag) {
  must_open();
  keep("a");
  clock_.advance(std::chrono::seconds(1));
  keep("");
  keep(std::string("\0binary\xff", 8));
  EXPECT_THAT(texts(), ElementsAre("a", "", std::string("\0binary\xff", 8)));

  const auto reader = *log_->read_from(1);
  IngestRecord record;
  ASSERT_TRUE(*reader->next(record));
  EXPECT_EQ(record.offset, 1u);
  EXPECT_EQ(record.time, clock_.now());
  EXPECT_EQ(record.tag, 7u);
}

TEST_F(IngestLogTest, shows_no_record_before_it_is_durable) {
  must_open();
  const auto end = append({"a", "b"});
  EXPECT_EQ(*end, 2u);
  EXPECT_EQ(log_->durable(), 0u);
  const auto reader = *log_->read_from(0);
  IngestRecord record;
  EXPECT_FALSE(*reader->next(record));
  log_->work();
  EXPECT_EQ(log_->durable(), 2u);
  EXPECT_TRUE(*reader->next(record));
  EXPECT_EQ(record.bytes, "a");
}

TEST_F(IngestLogTest, syncs_a_group_once_however_many_records_it_has) {
  must_open();
  const int before = disk_.count(MemoryDisk::Operation::sync);
  for (int at = 0; at < 50; ++at) ASSERT_TRUE(append({"a", "b"}));
  log_->work();
  EXPECT_EQ(log_->durable(), 100u);
  EXPECT_EQ(disk_.count(MemoryDisk::Operation::sync) - before, 1);
}

TEST_F(IngestLogTest, is_the_same_after_it_was_closed_and_opened) {
  must_open();
  std::vector<std::string> kept;
  for (int at = 0; at < 300; ++at) {  // over several segments
    kept.push_back(fmt::format("{}-{}", at, std::string(static_cast<std::size_t>(at % 97), 'x')));
    keep(kept.back());
    if (at % 50 == 0) must_open();
  }
  EXPECT_EQ(texts(), kept);
  must_open();
  EXPECT_EQ(texts(), kept);
  EXPECT_EQ(log_->next_offset(), 300u);
  EXPECT_EQ(log_->recovery().cut_bytes, 0u);
  EXPECT_GT(disk_.names().size(), 5u);
}

TEST_F(IngestLogTest, makes_what_waits_durable_when_it_is_closed) {
  options_.background = true;
  options_.group_wait = std::chrono::hours(1);
  must_open();
  ASSERT_TRUE(append({"a"}));
  must_open();
  EXPECT_THAT(texts(), ElementsAre("a"));
}

TEST_F(IngestLogTest, reads_on_where_a_reader_had_come_to_the_end) {
  must_open();
  const auto reader = *log_->read_from(0);
  IngestRecord record;
  for (int at = 0; at < 400; ++at) {  // over segments that did not exist when the reader was made
    EXPECT_FALSE(*reader->next(record));
    keep(fmt::format("record {}", at));
    ASSERT_TRUE(*reader->next(record));
    EXPECT_EQ(record.bytes, fmt::format("record {}", at));
    EXPECT_EQ(reader->offset(), static_cast<std::uint64_t>(at) + 1);
  }
}

TEST_F(IngestLogTest, takes_all_entries_of_an_append_or_none) {
  must_open();
  const std::string big(1500, 'x');
  ASSERT_TRUE(append({big, big}));
  ASSERT_TRUE(append({big, big}));  // the second segment is begun
  const auto refused = append({"small", big});
  ASSERT_FALSE(refused);
  EXPECT_EQ(log_->next_offset(), 4u);
  log_->work();
  EXPECT_EQ(texts().size(), 4u);
}

TEST_F(IngestLogTest, refuses_what_no_segment_holds) {
  must_open();
  EXPECT_EQ(append({std::string(4096 - 64, 'x')}).value(), 1u) << "fits to the byte";
  log_->work();
  const auto refused = append({std::string(4096 - 63, 'x')});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::too_large);
  EXPECT_EQ(append({std::string(3000, 'x'), std::string(3000, 'x')}).error().code, Code::too_large);
}

TEST_F(IngestLogTest, times_never_go_back_even_if_the_clock_does) {
  must_open();
  keep("a");
  const Time first = clock_.now();
  clock_.advance(-std::chrono::hours(1));
  must_open();
  keep("b");
  const auto reader = *log_->read_from(1);
  IngestRecord record;
  ASSERT_TRUE(*reader->next(record));
  EXPECT_EQ(record.time, first);
}

TEST_F(IngestLogTest, finds_positions_by_word_offset_and_time) {
  must_open();
  std::vector<Time> times;
  for (int at = 0; at < 200; ++at) {
    times.push_back(clock_.now());
    keep(fmt::format("record {}", at));
    clock_.advance(std::chrono::seconds(at % 3));  // some share their time
  }
  const auto find = [&](const std::string& text) { return log_->find(*LogPosition::parse(text)); };
  EXPECT_EQ(*find("oldest"), 0u);
  EXPECT_EQ(*find("latest"), 200u);
  EXPECT_EQ(*find("0"), 0u);
  EXPECT_EQ(*find("200"), 200u);
  EXPECT_EQ(find("201").error().code, Code::out_of_range);
  for (const Duration shift : {Duration(-1), Duration(0), Duration(1)})
    for (std::size_t at = 0; at < times.size(); at += 7) {
      const Time asked = times[at] + shift;
      const auto expected = std::ranges::lower_bound(times, asked) - times.begin();
      EXPECT_EQ(*find(to_text(asked)), static_cast<std::uint64_t>(expected)) << at;
    }
  EXPECT_EQ(*find("1900-01-01T00:00:00Z"), 0u);
  EXPECT_EQ(*find("2900-01-01T00:00:00Z"), 200u);
}

TEST_F(IngestLogTest, a_time_whose_records_were_deleted_is_refused) {
  options_.age_max = std::chrono::hours(1);
  must_open();
  const Time begin = clock_.now();
  clock_.advance(std::chrono::seconds(1));
  for (int at = 0; at < 200; ++at) keep("some text that fills segments");
  log_->commit_reader(200);
  clock_.advance(std::chrono::hours(2));
  log_->work();
  ASSERT_GT(log_->oldest(), 0u);
  const auto found = log_->find({LogPosition::Kind::time, 0, begin});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::out_of_range);
  EXPECT_THAT(found.error().message, HasSubstr("oldest"));
  EXPECT_EQ(log_->read_from(0).error().code, Code::out_of_range);
}

TEST_F(IngestLogTest, keeps_what_the_reader_has_committed) {
  must_open();
  for (int at = 0; at < 5; ++at) keep("x");
  EXPECT_EQ(log_->reader_committed(), 0u);
  log_->commit_reader(3);
  EXPECT_EQ(log_->reader_committed(), 0u) << "not on disk yet";
  log_->work();
  EXPECT_EQ(log_->reader_committed(), 3u);
  log_->commit_reader(2);
  log_->work();
  must_open();
  EXPECT_EQ(log_->reader_committed(), 3u);
}

TEST_F(IngestLogTest, is_written_by_one_owner_only) {
  must_open();
  const auto second = IngestLog::open(options_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::storage_failed);
  EXPECT_THAT(second.error().message, HasSubstr("writes this log"));
  log_.reset();
  EXPECT_TRUE(IngestLog::open(options_));
}

TEST_F(IngestLogTest, refuses_limits_that_can_not_work) {
  options_.segment_bytes = 1000;
  EXPECT_EQ(reopen().error().code, Code::bad_value);
  options_.segment_bytes = 1 << 20;
  options_.bytes_max = (2 << 20) - 1;
  EXPECT_THAT(reopen().error().message, HasSubstr("2MiB"));
}

TEST_F(IngestLogTest, goes_on_with_another_segment_size) {
  must_open();
  for (int at = 0; at < 100; ++at) keep("sixteen bytes...");
  options_.segment_bytes = 16384;
  must_open();
  for (int at = 100; at < 600; ++at) keep("sixteen bytes...");
  must_open();
  EXPECT_EQ(texts().size(), 600u);
}

}  // namespace
}  // namespace leat
