// ingest.file with `follow: true`: files that grow, are renamed, replaced and truncated while they are read.

#include <poll.h>

#include <leat/testing.hpp>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using testing::TempFolder;

/// A follower of text files whose lines are read back as "a b c".
class Follower {
 public:
  explicit Follower(const std::string& path, const std::string& more = {})
      : source_("ingest.file", fmt::format("{{ path: {}, format: lines, follow: true{} }}", path, more)) {
    EXPECT_EQ(source_.problems(), "");
  }

  std::string lines() {
    for (Produced::Next next = Produced::Next::more; next == Produced::Next::more;) {
      const Result<Produced> produced = source_.produce();
      EXPECT_TRUE(produced) << produced.error().text();
      if (!produced) return "failed";
      next = produced->next;
      fd_ = produced->fd;
      EXPECT_NE(next, Produced::Next::end);
    }
    std::string text;
    for (const Batch& batch : source_.take_batches())
      for (std::uint32_t row = 0; row < batch.row_count(); ++row)
        text += (text.empty() ? "" : " ") + std::string(batch.column(0).text(row));
    return text;
  }
  bool notified() const {
    pollfd change{fd_, POLLIN, 0};
    return ::poll(&change, 1, 0) == 1;
  }
  ActorHarness& source() { return source_; }

 private:
  ActorHarness source_;
  int fd_ = -1;
};

TEST(Follow, reads_what_is_appended_line_by_line) {
  const TempFolder folder;
  Follower follower(folder.write("log", "a\nb\nc"));
  EXPECT_EQ(follower.lines(), "a b");
  EXPECT_FALSE(follower.notified());
  folder.append("log", "d\ne\n");
  EXPECT_TRUE(follower.notified());
  EXPECT_EQ(follower.lines(), "cd e");
  EXPECT_EQ(follower.lines(), "");
}

TEST(Follow, finishes_a_renamed_file_before_its_successor) {
  const TempFolder folder;
  Follower follower(folder.write("log", "a\n"));
  EXPECT_EQ(follower.lines(), "a");
  folder.append("log", "b\n");
  folder.rename("log", "log.1");
  EXPECT_EQ(follower.lines(), "b");
  folder.append("log.1", "c\nd");
  EXPECT_EQ(follower.lines(), "c");
  folder.write("log", "e\n");
  EXPECT_TRUE(follower.notified());
  EXPECT_EQ(follower.lines(), "d e");
  folder.append("log.1", "x\n");
  folder.append("log", "f\n");
  EXPECT_EQ(follower.lines(), "f");
}

TEST(Follow, survives_many_rotations_of_a_pattern_without_reading_twice) {
  const TempFolder folder;
  folder.write("log", "0\n");
  Follower follower(folder.path("log*"));
  EXPECT_EQ(follower.lines(), "0");
  for (int round = 1; round < 5; ++round) {
    for (int old = round - 1; old >= 1; --old)
      folder.rename(fmt::format("log.{}", old), fmt::format("log.{}", old + 1));
    folder.rename("log", "log.1");
    folder.write("log", fmt::format("{}\n", round));
    EXPECT_EQ(follower.lines(), std::to_string(round));
  }
}

TEST(Follow, begins_a_truncated_file_anew) {
  const TempFolder folder;
  Follower follower(folder.write("log", "a\nb\n"));
  EXPECT_EQ(follower.lines(), "a b");
  folder.write("log", "");
  EXPECT_EQ(follower.lines(), "");
  folder.append("log", "c\n");
  EXPECT_EQ(follower.lines(), "c");
  ASSERT_EQ(follower.source().log().size(), 1u);
  EXPECT_THAT(follower.source().log()[0], ::testing::HasSubstr("was truncated"));
}

TEST(Follow, waits_for_files_that_are_not_there_yet) {
  const TempFolder folder;
  Follower pattern(folder.path("*.log"));
  Follower named(folder.path("a.log"), ", on_missing: wait");
  EXPECT_EQ(pattern.lines(), "");
  EXPECT_EQ(named.lines(), "");
  folder.write("a.log", "a\n");
  folder.write("b.log", "b\n");
  EXPECT_TRUE(pattern.notified());
  EXPECT_EQ(pattern.lines(), "a b");
  EXPECT_EQ(named.lines(), "a");
}

TEST(Follow, goes_on_after_a_restart_wherever_the_file_went) {
  const TempFolder folder;
  Follower follower(folder.write("log", "a\nb"));
  EXPECT_EQ(follower.lines(), "a");
  ASSERT_TRUE(follower.source().restart());
  folder.append("log", "c\n");
  EXPECT_EQ(follower.lines(), "bc");
  folder.append("log", "d\ne");
  folder.rename("log", "log.1");
  folder.write("log", "f\n");
  ASSERT_TRUE(follower.source().restart());
  EXPECT_EQ(follower.lines(), "d e f");
}

TEST(Follow, reads_a_csv_header_once_and_again_after_truncation) {
  const TempFolder folder;
  ActorHarness source(
      "ingest.file",
      fmt::format("{{ path: {}, schema: input, follow: true }}", folder.write("a.csv", "id,na")),
      "{ id: int64, name: string }");
  ASSERT_EQ(source.problems(), "");
  ASSERT_TRUE(source.produce_all());
  folder.append("a.csv", "me\n1,a\n");
  ASSERT_TRUE(source.produce_all());
  EXPECT_EQ(source.take(), "{\"id\":1,\"name\":\"a\"}\n");
  ASSERT_TRUE(source.restart());
  folder.append("a.csv", "2,b\n");
  ASSERT_TRUE(source.produce_all());
  EXPECT_EQ(source.take(), "{\"id\":2,\"name\":\"b\"}\n");
  folder.write("a.csv", "name,id\nc,3\n");
  ASSERT_TRUE(source.produce_all());
  EXPECT_EQ(source.take(), "{\"id\":3,\"name\":\"c\"}\n");
}

}  // namespace
}  // namespace leat
