// Torn ends are cut; everything else that is not as it was written is refused.

#include "log/records.hpp"
#include "unit/log/log_fixture.hpp"

namespace leat {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::MemoryDisk;

class Damage : public LogTest {
 protected:
  /// Three groups of two records in the only segment.
  void fill() {
    must_open();
    for (int at = 0; at < 6; at += 2) {
      ASSERT_TRUE(append({fmt::format("record {}", at), fmt::format("record {}", at + 1)}));
      log_->work();
    }
    log_.reset();
  }
  static constexpr std::size_t kRecord = kHeadBytes + 8;
  static std::size_t position(std::size_t record) { return kHeadBytes + record * kRecord; }
};

TEST_F(Damage, a_last_record_that_lacks_any_of_its_bytes_is_cut_and_said) {
  for (std::size_t left = 0; left < kRecord; ++left) {
    SCOPED_TRACE(left);
    disk_.reset();
    fill();
    std::string& bytes = disk_.bytes(segment(0));
    std::fill(bytes.begin() + static_cast<long>(position(5) + left), bytes.end(), '\0');
    must_open();
    EXPECT_EQ(texts().size(), 5u);
    EXPECT_EQ(log_->next_offset(), 5u);
    EXPECT_LE(log_->recovery().cut_bytes, left);
    EXPECT_EQ(log_->recovery().cut_bytes > 0, left > 0);
    keep("new");
    must_open();
    EXPECT_EQ(texts_from(5), std::vector<std::string>{"new"});
    log_.reset();
  }
}

TEST_F(Damage, a_group_that_was_written_in_part_is_cut_from_its_first_lost_record_on) {
  fill();
  // Of the last group, the second record came to the disk, and the first did not.
  std::string& bytes = disk_.bytes(segment(0));
  std::fill_n(bytes.begin() + static_cast<long>(position(4)), kRecord, '\0');
  must_open();
  EXPECT_EQ(texts().size(), 4u);
  EXPECT_EQ(log_->recovery().cut_at, position(4));
  EXPECT_EQ(log_->recovery().cut_file, segment(0));
  // Nothing of it shows again, although new records end where record 5 began.
  keep("record a");
  must_open();
  EXPECT_EQ(texts_from(4), std::vector<std::string>{"record a"});
}

TEST_F(Damage, a_changed_bit_in_front_of_a_later_group_is_refused_wherever_it_is) {
  for (std::size_t at = position(0); at < position(4); ++at) {
    SCOPED_TRACE(at);
    disk_.reset();
    fill();
    disk_.bytes(segment(0))[at] ^= 0x10;
    const Status opened = reopen();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::storage_failed);
    const std::size_t record = (at - kHeadBytes) / kRecord;
    EXPECT_THAT(
        opened.error().text(),
        AllOf(HasSubstr(segment(0)), HasSubstr(fmt::format("byte {}, record {}", position(record), record)),
              HasSubstr("leat log trim log --before")));
  }
}

TEST_F(Damage, a_changed_bit_behind_the_last_record_is_cut) {
  fill();
  disk_.bytes(segment(0))[4000] = 1;
  must_open();
  EXPECT_EQ(texts().size(), 6u);
  EXPECT_GT(log_->recovery().cut_bytes, 0u);
  must_open();
  EXPECT_EQ(log_->recovery().cut_bytes, 0u);
}

TEST_F(Damage, a_changed_bit_in_a_segments_head_is_refused) {
  for (std::size_t at = 0; at < kHeadBytes; ++at) {
    if (at >= 12 && at < 16) continue;  // the checksum itself is next
    disk_.reset();
    fill();
    disk_.bytes(segment(0))[at] ^= 1;
    EXPECT_FALSE(reopen()) << at;
  }
}

TEST_F(Damage, an_end_before_what_the_reader_has_committed_is_refused) {
  fill();
  must_open();
  log_->commit_reader(6);
  log_->work();
  log_.reset();
  disk_.bytes(segment(0))[position(5) + 10] ^= 1;
  EXPECT_THAT(reopen().error().message, HasSubstr("record 5"));
}

class Segments : public LogTest {
 protected:
  void fill() {
    must_open();
    for (int at = 0; at < 200; ++at) keep(std::string(100, 'x'));  // 30 in each segment
    log_.reset();
  }
};

TEST_F(Segments, a_changed_bit_in_a_segment_that_is_not_the_last_is_refused) {
  fill();
  for (const std::size_t at : {40u, 500u, 29u * 132u}) {
    disk_.bytes(segment(60))[at] ^= 4;
    const Status opened = reopen();
    ASSERT_FALSE(opened) << at;
    EXPECT_THAT(opened.error().text(), AllOf(HasSubstr(segment(60)), HasSubstr("--before 90 --force")));
    disk_.bytes(segment(60))[at] ^= 4;
  }
  EXPECT_TRUE(reopen());
}

TEST_F(Segments, a_torn_end_of_a_segment_that_is_not_the_last_is_refused) {
  fill();
  std::string& bytes = disk_.bytes(segment(60));
  std::fill(bytes.begin() + 3000, bytes.end(), '\0');
  EXPECT_FALSE(reopen());
}

TEST_F(Segments, a_missing_segment_is_refused) {
  fill();
  ASSERT_TRUE(disk_.remove(segment(60)));
  EXPECT_THAT(reopen().error().text(), HasSubstr(segment(30)));
}

TEST_F(Segments, a_missing_end_is_refused_when_the_reader_knows_of_it) {
  fill();
  must_open();
  log_->commit_reader(200);
  log_->work();
  log_.reset();
  ASSERT_TRUE(disk_.remove(segment(180)));
  EXPECT_THAT(reopen().error().message, HasSubstr("files are missing"));
}

TEST_F(Segments, damage_that_was_committed_is_noticed_by_who_reads_it) {
  fill();
  must_open();
  log_->commit_reader(100);
  log_->work();
  log_.reset();
  disk_.bytes(segment(30))[500] ^= 1;
  must_open();
  EXPECT_EQ(texts_from(60).size(), 140u);
  const auto reader = *log_->read_from(30);
  IngestRecord record;
  Result<bool> next = true;
  while (next && *next) next = reader->next(record);
  ASSERT_FALSE(next);
  EXPECT_THAT(next.error().text(), HasSubstr(segment(30)));
}

TEST_F(Segments, how_far_the_reader_was_survives_one_bad_slot_but_not_two) {
  fill();
  must_open();
  for (const std::uint64_t offset : {10, 20}) {
    log_->commit_reader(offset);
    log_->work();
  }
  log_.reset();
  std::string& bytes = disk_.bytes("log/reader");
  const std::string whole = bytes;
  bytes[0] ^= 1;
  bytes[512] ^= 1;
  EXPECT_THAT(reopen().error().text(), HasSubstr("log/reader"));
  bytes = whole;
  bytes[20 == static_cast<unsigned char>(bytes[0]) ? 0 : 512] ^= 1;
  must_open();
  EXPECT_EQ(log_->reader_committed(), 10u);
}

class Faults : public LogTest {};

TEST_F(Faults, after_a_failed_sync_nothing_is_durable_and_nothing_accepted) {
  must_open();
  keep("a");
  disk_.fail(MemoryDisk::Operation::sync);
  ASSERT_TRUE(append({"b"}));
  log_->work();
  EXPECT_EQ(log_->durable(), 1u);
  EXPECT_EQ(log_->health().error().code, Code::storage_failed);
  EXPECT_EQ(append({"c"}).error().code, Code::storage_failed);
  const int syncs = disk_.count(MemoryDisk::Operation::sync);
  log_->work();
  EXPECT_EQ(disk_.count(MemoryDisk::Operation::sync), syncs) << "a sync is never tried again";
  EXPECT_EQ(log_->wait_durable(2, std::chrono::seconds(1)).error().code, Code::storage_failed);
}

TEST_F(Faults, after_a_failed_write_the_log_is_dead_even_if_it_was_called_full) {
  for (const Code code : {Code::storage_failed, Code::storage_full}) {
    must_open();
    disk_.fail(MemoryDisk::Operation::write, code);
    ASSERT_TRUE(append({"b"}));
    log_->work();
    EXPECT_FALSE(log_->health());
    EXPECT_FALSE(append({"c"}));
  }
}

TEST_F(Faults, a_dead_log_is_read_and_opened_anew) {
  must_open();
  keep("a");
  disk_.fail(MemoryDisk::Operation::sync);
  ASSERT_TRUE(append({"b"}));
  log_->work();
  EXPECT_EQ(texts(), std::vector<std::string>{"a"});
  must_open();  // the write had come through: it was never acknowledged, but may be there
  EXPECT_EQ(texts().size(), 2u);
  keep("c");
}

TEST_F(Faults, a_disk_that_takes_one_byte_at_a_time_changes_nothing) {
  disk_.set_write_most(1);
  must_open();
  for (int at = 0; at < 100; ++at) keep(fmt::format("record {}", at));
  must_open();
  EXPECT_EQ(texts().size(), 100u);
}

TEST_F(Faults, any_operation_that_fails_while_a_log_is_opened_is_said) {
  using Operation = MemoryDisk::Operation;
  for (const Operation operation :
       {Operation::open, Operation::write, Operation::sync, Operation::sync_folder, Operation::reserve,
        Operation::rename, Operation::read})
    for (int after = 0; after < 3; ++after) {
      disk_.reset();
      log_.reset();
      disk_.fail(operation, Code::storage_failed, 1, after);
      const Status opened = reopen();
      const bool reached = disk_.count(operation) > after;
      // The lock file is made when it cannot be opened: the first failure of that is expected.
      if (reached && !(operation == Operation::open && after == 0)) {
        EXPECT_FALSE(opened) << static_cast<int>(operation) << " " << after;
      }
      disk_.reset();
    }
}

}  // namespace
}  // namespace leat
