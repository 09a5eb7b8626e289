#include <fmt/format.h>
#include <gmock/gmock.h>

#include <leat/testing.hpp>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A `publish.file` with `commit: checkpoint`, and what somebody who lists its folder sees.
class StagedFilesTest : public ::testing::Test {
 protected:
  std::unique_ptr<ActorHarness> actor(const std::string& more = {},
                                      const std::string& name = "out.jsonl") const {
    auto actor = std::make_unique<ActorHarness>(
        "publish.file", fmt::format("{{ path: {}, commit: checkpoint{} }}", folder_.path("o/" + name), more),
        "{ id: int64 }", Delivery::exactly_once);
    EXPECT_EQ(actor->problems(), "");
    return actor;
  }
  static void feed(ActorHarness& sink, int from, int to) {
    for (int id = from; id <= to; ++id) ASSERT_TRUE(sink.feed(fmt::format("{{\"id\":{}}}", id)));
  }
  static void checkpoint(ActorHarness& sink) {
    ASSERT_TRUE(sink.checkpoint());
    const Status committed = sink.commit();
    ASSERT_TRUE(committed) << committed.error().text();
  }
  /// "NAME: ids" of each file that is not hidden, in order of their names.
  std::vector<std::string> shown() const { return files(false); }
  std::vector<std::string> hidden() const { return files(true); }

  testing::TempFolder folder_;

 private:
  std::vector<std::string> files(bool hidden) const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path("o"))) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with('.') != hidden) continue;
      std::string text = folder_.read("o/" + name);
      std::ranges::replace(text, '\n', ' ');
      all.push_back(fmt::format("{}: {}", name, text));
    }
    std::ranges::sort(all);
    return all;
  }
};

TEST_F(StagedFilesTest, rows_appear_when_the_checkpoint_that_covers_them_counts) {
  const auto sink = actor();
  feed(*sink, 1, 2);
  ASSERT_TRUE(sink->checkpoint());
  feed(*sink, 3, 3);
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_THAT(hidden(), ElementsAre(".out-000001.jsonl.part: {\"id\":1} {\"id\":2} ",
                                    ".out-000002.jsonl.part: {\"id\":3} "));
  ASSERT_TRUE(sink->commit());
  EXPECT_THAT(shown(), ElementsAre("out-000001.jsonl: {\"id\":1} {\"id\":2} "));
  checkpoint(*sink);
  EXPECT_THAT(shown(),
              ElementsAre("out-000001.jsonl: {\"id\":1} {\"id\":2} ", "out-000002.jsonl: {\"id\":3} "));
  EXPECT_THAT(hidden(), IsEmpty());
}

TEST_F(StagedFilesTest, a_checkpoint_without_rows_makes_no_file) {
  const auto sink = actor();
  checkpoint(*sink);
  feed(*sink, 1, 1);
  checkpoint(*sink);
  checkpoint(*sink);
  EXPECT_THAT(shown(), ElementsAre("out-000001.jsonl: {\"id\":1} "));
}

TEST_F(StagedFilesTest,
       a_crash_between_barrier_and_commit_shows_what_the_checkpoint_covers_and_nothing_else) {
  const auto sink = actor();
  feed(*sink, 1, 2);
  ASSERT_TRUE(sink->checkpoint());
  feed(*sink, 3, 4);
  ASSERT_TRUE(sink->crash());
  EXPECT_THAT(shown(), ElementsAre("out-000001.jsonl: {\"id\":1} {\"id\":2} "));
  EXPECT_THAT(hidden(), IsEmpty());
  feed(*sink, 3, 3);
  checkpoint(*sink);
  EXPECT_EQ(shown().back(), "out-000002.jsonl: {\"id\":3} ");
}

TEST_F(StagedFilesTest,
       a_crash_after_the_commit_leaves_what_has_appeared_and_minds_not_if_it_was_taken_away) {
  const auto sink = actor();
  feed(*sink, 1, 1);
  checkpoint(*sink);
  ASSERT_TRUE(sink->crash());
  EXPECT_THAT(shown(), ElementsAre("out-000001.jsonl: {\"id\":1} "));
  std::filesystem::remove(folder_.path("o/out-000001.jsonl"));
  ASSERT_TRUE(sink->crash());
  feed(*sink, 2, 2);
  checkpoint(*sink);
  EXPECT_THAT(shown(), ElementsAre("out-000002.jsonl: {\"id\":2} "));
}

TEST_F(StagedFilesTest, a_crash_before_the_first_checkpoint_leaves_nothing) {
  const auto sink = actor();
  feed(*sink, 1, 1);
  ASSERT_TRUE(sink->crash());
  EXPECT_THAT(hidden(), IsEmpty());
  feed(*sink, 1, 1);
  checkpoint(*sink);
  EXPECT_THAT(shown(), ElementsAre("out-000001.jsonl: {\"id\":1} "));
}

TEST_F(StagedFilesTest, a_file_takes_rows_until_it_is_old_enough) {
  const auto sink = actor(", roll: { every: 10s }");
  feed(*sink, 1, 1);
  checkpoint(*sink);
  feed(*sink, 2, 2);
  ASSERT_TRUE(sink->checkpoint());
  feed(*sink, 99, 99);
  EXPECT_THAT(shown(), IsEmpty());
  ASSERT_TRUE(sink->crash());
  EXPECT_THAT(hidden(), ElementsAre(".out-000001.jsonl.part: {\"id\":1} {\"id\":2} "))
      << "cut back to the checkpoint";
  feed(*sink, 3, 3);
  ASSERT_TRUE(sink->advance(10s));
  checkpoint(*sink);
  EXPECT_THAT(shown(), ElementsAre("out-000001.jsonl: {\"id\":1} {\"id\":2} {\"id\":3} "));
}

TEST_F(StagedFilesTest, a_file_takes_rows_until_it_is_large_enough) {
  const auto sink = actor(", roll: { every: 1h, size: 16B }");
  feed(*sink, 1, 1);
  checkpoint(*sink);
  EXPECT_THAT(shown(), IsEmpty());
  feed(*sink, 2, 2);
  checkpoint(*sink);
  EXPECT_THAT(shown(), ElementsAre("out-000001.jsonl: {\"id\":1} {\"id\":2} "));
}

TEST_F(StagedFilesTest, the_end_completes_the_last_file) {
  const auto sink = actor(", roll: { every: 1h }");
  feed(*sink, 1, 1);
  ASSERT_TRUE(sink->end());
  ASSERT_TRUE(sink->checkpoint());
  EXPECT_THAT(shown(), IsEmpty());
  ASSERT_TRUE(sink->crash());
  EXPECT_THAT(shown(), ElementsAre("out-000001.jsonl: {\"id\":1} "));
}

TEST_F(StagedFilesTest, each_csv_file_has_its_header) {
  const auto sink = actor("", "totals.csv");
  feed(*sink, 1, 1);
  checkpoint(*sink);
  feed(*sink, 2, 3);
  checkpoint(*sink);
  EXPECT_THAT(shown(), ElementsAre("totals-000001.csv: id 1 ", "totals-000002.csv: id 2 3 "));
}

TEST_F(StagedFilesTest, files_of_an_earlier_run_are_never_touched) {
  {
    const auto sink = actor();
    feed(*sink, 1, 1);
    checkpoint(*sink);
  }
  folder_.write("o/.out-000002.jsonl.part", "left by somebody");
  folder_.write("o/out-note.jsonl", "other");
  folder_.write("o/other-000009.jsonl", "other");
  {
    const auto sink = actor();
    const Status fed = sink->feed("{\"id\":2}");
    ASSERT_FALSE(fed);
    EXPECT_THAT(fed.error().text(), HasSubstr("out-000001.jsonl: the file is of an earlier run"));
    EXPECT_THAT(fed.error().message, HasSubstr("`append: true`"));
  }
  const auto sink = actor(", append: true");
  feed(*sink, 2, 2);
  checkpoint(*sink);
  EXPECT_THAT(shown(), ElementsAre("other-000009.jsonl: other", "out-000001.jsonl: {\"id\":1} ",
                                   "out-000002.jsonl: {\"id\":2} ", "out-note.jsonl: other"));
}

TEST_F(StagedFilesTest, a_file_of_a_later_time_is_in_the_way) {
  const auto sink = actor();
  feed(*sink, 1, 1);
  checkpoint(*sink);
  folder_.write("o/out-000002.jsonl", "of a later checkpoint");
  const Status again = sink->crash();
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text(),
              HasSubstr("out-000002.jsonl: the file is of a time after the checkpoint"));
}

TEST_F(StagedFilesTest, a_failing_disk_is_told_with_the_file) {
  folder_.write("o", "a file where the folder should be");
  const auto sink = actor();
  const Status fed = sink->feed("{\"id\":1}");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::storage_failed);
}

TEST(StagedFiles, what_cannot_wait_for_a_checkpoint_is_refused) {
  const std::tuple<const char*, Delivery, const char*> cases[] = {
      {"{ path: '-', commit: checkpoint }", Delivery::exactly_once, "standard output can't wait"},
      {"{ path: x, commit: checkpoint }", Delivery::best_effort, "makes no checkpoints"},
      {"{ path: x, roll: { every: 1s } }", Delivery::exactly_once, "`roll` needs `commit: checkpoint`"},
      {"{ path: x, commit: later }", Delivery::exactly_once, "is not one of now, checkpoint"},
  };
  for (const auto& [options, delivery, says] : cases) {
    const ActorHarness sink("publish.file", options, "{ id: int64 }", delivery);
    EXPECT_THAT(sink.problems(), HasSubstr(says)) << options;
  }
}

}  // namespace
}  // namespace leat
