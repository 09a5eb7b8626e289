// What happens when the log or the disk is full, and what makes room again.

#include "unit/log/log_fixture.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;
using testing::MemoryDisk;

class Room : public LogTest {
 protected:
  /// Appends until the log refuses; what it said.
  Error fill() {
    for (int at = 0; at < 100'000; ++at) {
      const auto end = append({std::string(100, 'x')});
      if (!end) return end.error();
      ++appended_;
      log_->work();
    }
    ADD_FAILURE() << "it is never full";
    return {};
  }
  std::uint64_t appended_ = 0;
};

TEST_F(Room, a_full_log_refuses_until_the_reader_has_committed_and_loses_nothing) {
  options_.bytes_max = 4 * 4096;
  must_open();
  const Error error = fill();
  EXPECT_EQ(error.code, Code::limit_reached);
  EXPECT_THAT(error.message, HasSubstr("`size`"));
  EXPECT_EQ(texts().size(), appended_);
  EXPECT_LE(log_->bytes_on_disk(), options_.bytes_max);

  const std::uint64_t in_first = 30;  // records of 132 bytes in 4096
  log_->commit_reader(in_first - 1);
  log_->work();
  EXPECT_FALSE(append({std::string(100, 'x')})) << "one record of the oldest segment is not committed";
  log_->commit_reader(in_first);
  log_->work();
  EXPECT_TRUE(append({std::string(100, 'x')}));
  log_->work();
  EXPECT_EQ(log_->oldest(), in_first);
  EXPECT_EQ(texts_from(in_first).size(), appended_ - in_first + 1);
}

TEST_F(Room, committed_records_stay_while_there_is_room) {
  options_.bytes_max = 4 * 4096;
  must_open();
  for (int at = 0; at < 35; ++at) keep(std::string(100, 'x'));
  log_->commit_reader(35);
  log_->work();
  EXPECT_EQ(log_->oldest(), 0u);
  for (std::uint64_t at = 36; at < 200; ++at) {
    keep(std::string(100, 'x'));
    log_->commit_reader(at);
  }
  EXPECT_LE(log_->bytes_on_disk(), options_.bytes_max);
  EXPECT_GT(log_->oldest(), 60u);
}

TEST_F(Room, committed_records_go_when_they_are_too_old) {
  options_.age_max = std::chrono::hours(1);
  must_open();
  for (int at = 0; at < 100; ++at) keep(std::string(100, 'x'));
  clock_.advance(std::chrono::minutes(30));
  for (int at = 0; at < 100; ++at) keep(std::string(100, 'y'));
  clock_.advance(std::chrono::minutes(40));
  log_->work();
  EXPECT_EQ(log_->oldest(), 0u) << "nobody has committed them";
  log_->commit_reader(200);
  log_->work();
  EXPECT_GT(log_->oldest(), 50u);
  EXPECT_LE(log_->oldest(), 100u) << "the younger ones stay";
  must_open();
  EXPECT_LE(log_->oldest(), 100u);
}

TEST_F(Room, a_full_disk_is_noticed_before_anything_is_accepted_and_comes_back) {
  must_open();
  disk_.set_space(4096);
  const Error error = fill();
  EXPECT_EQ(error.code, Code::storage_full);
  EXPECT_TRUE(log_->health());
  EXPECT_EQ(texts().size(), appended_);
  log_->commit_reader(1);
  log_->work();
  EXPECT_EQ(log_->reader_committed(), 1u) << "keeping it needs no space";
  EXPECT_FALSE(append({std::string(100, 'x')}));
  disk_.set_space(8192);
  log_->work();
  EXPECT_TRUE(append({std::string(100, 'x')}));
  log_->work();
  EXPECT_EQ(texts().size(), appended_ + 1);
}

TEST_F(Room, a_log_does_not_start_on_a_full_disk) {
  disk_.set_space(4000);
  EXPECT_EQ(reopen().error().code, Code::storage_full);
}

TEST_F(Room, what_waits_for_the_disk_is_bounded) {
  options_.waiting_bytes_max = 1000;
  options_.segment_bytes = 1 << 20;
  options_.bytes_max = 4 << 20;
  must_open();
  ASSERT_TRUE(append({std::string(5000, 'x')})) << "one is taken, however large";
  EXPECT_EQ(append({"y"}).error().code, Code::limit_reached);
  log_->work();
  for (int at = 0; at < 7; ++at) ASSERT_TRUE(append({std::string(100, 'x')}));
  EXPECT_EQ(append({std::string(100, 'x')}).error().code, Code::limit_reached);
  log_->work();
  EXPECT_TRUE(append({std::string(100, 'x')}));
}

TEST_F(Room, a_second_segment_is_not_begun_before_there_is_one_to_go_on_in) {
  must_open();
  ASSERT_TRUE(append({std::string(4000, 'x')}));
  ASSERT_TRUE(append({std::string(3900, 'y')}));  // in the spare
  const auto refused = append({std::string(4000, 'z')});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::limit_reached);
  EXPECT_TRUE(append({"small"})) << "there is still room in the spare";
  log_->work();
  EXPECT_TRUE(append({std::string(4000, 'z')}));
  log_->work();
  EXPECT_EQ(texts().size(), 4u);
}

}  // namespace
}  // namespace leat
