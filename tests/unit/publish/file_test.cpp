#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <leat/testing.hpp>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using testing::TempFolder;

const std::string kSchema = "{ id: int64, text: 'string?' }";
const std::string kRows = "{\"id\":1,\"text\":\"a, \\\"b\\\"\"}\n{\"id\":2,\"text\":null}\n";

/// Puts another file in the place of standard output.
class Redirected {
 public:
  explicit Redirected(int fd) : before_(::dup(STDOUT_FILENO)) { ::dup2(fd, STDOUT_FILENO); }
  ~Redirected() {
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
  }

 private:
  int before_;
};

TEST(PublishFile, writes_json_lines_and_makes_folders) {
  const TempFolder folder;
  ActorHarness sink("publish.file", fmt::format("{{ path: {} }}", folder.path("a/b/out.jsonl")), kSchema);
  ASSERT_EQ(sink.problems(), "");
  ASSERT_TRUE(sink.feed(kRows));
  EXPECT_EQ(folder.read("a/b/out.jsonl"), kRows);
}

TEST(PublishFile, writes_csv_with_a_header) {
  const TempFolder folder;
  ActorHarness sink("publish.file", fmt::format("{{ path: {} }}", folder.path("out.csv")), kSchema);
  EXPECT_EQ(folder.read("out.csv"), "id,text\n");
  ASSERT_TRUE(sink.feed(kRows));
  ASSERT_TRUE(sink.feed("{\"id\":3,\"text\":\"\"}"));
  EXPECT_EQ(folder.read("out.csv"), "id,text\n1,\"a, \"\"b\"\"\"\n2,\n3,\"\"\n");

  ActorHarness bare("publish.file",
                    fmt::format("{{ path: {}, format: csv, header: false }}", folder.path("bare")), kSchema);
  ASSERT_TRUE(bare.feed("{\"id\":3,\"text\":\"x\"}"));
  EXPECT_EQ(folder.read("bare"), "3,x\n");
}

TEST(PublishFile, replaces_or_appends_as_it_is_told) {
  const TempFolder folder;
  const std::string row = "{\"id\":1,\"text\":null}\n";
  folder.write("out", "before\n");
  {
    ActorHarness sink("publish.file", fmt::format("{{ path: {}, append: true }}", folder.path("out")),
                      kSchema);
    ASSERT_TRUE(sink.feed(row));
    EXPECT_EQ(folder.read("out"), "before\n" + row);
  }
  ActorHarness sink("publish.file", fmt::format("{{ path: {} }}", folder.path("out")), kSchema);
  ASSERT_TRUE(sink.feed(row));
  EXPECT_EQ(folder.read("out"), row);

  folder.write("torn", "{\"id\":0,\"te");
  ActorHarness mended("publish.file", fmt::format("{{ path: {}, append: true }}", folder.path("torn")),
                      kSchema);
  ASSERT_TRUE(mended.feed(row));
  EXPECT_EQ(folder.read("torn"), "{\"id\":0,\"te\n" + row);

  folder.write("out.csv", "id,text\n0,x\n");
  ActorHarness csv("publish.file", fmt::format("{{ path: {}, append: true }}", folder.path("out.csv")),
                   kSchema);
  ASSERT_TRUE(csv.feed(row));
  EXPECT_EQ(folder.read("out.csv"), "id,text\n0,x\n1,\n");
}

TEST(PublishFile, goes_on_after_a_restart_where_the_saved_state_was) {
  const TempFolder folder;
  ActorHarness sink("publish.file", fmt::format("{{ path: {} }}", folder.path("out.csv")), kSchema);
  ASSERT_TRUE(sink.feed("{\"id\":1}"));
  ASSERT_TRUE(sink.restart());
  ASSERT_TRUE(sink.feed("{\"id\":2}"));
  EXPECT_EQ(folder.read("out.csv"), "id,text\n1,\n2,\n");
}

TEST(PublishFile, writes_to_standard_output) {
  const TempFolder folder;
  std::FILE* captured = std::fopen(folder.path("captured").c_str(), "w");
  ASSERT_NE(captured, nullptr);
  {
    const Redirected redirected(::fileno(captured));
    ActorHarness sink("publish.file", "{ path: '-', format: csv }", kSchema);
    ASSERT_TRUE(sink.feed(kRows));
    ASSERT_TRUE(sink.restart());
    ASSERT_TRUE(sink.feed("{\"id\":3,\"text\":\"x\"}"));
  }
  std::fclose(captured);
  EXPECT_EQ(folder.read("captured"), "id,text\n1,\"a, \"\"b\"\"\"\n2,\n3,x\n");
}

TEST(PublishFile, ends_with_a_clear_error_when_the_reader_of_standard_output_has_gone) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  ::close(pipe[0]);
  Status status;
  {
    const Redirected redirected(pipe[1]);
    ActorHarness sink("publish.file", "{ path: '-' }", kSchema);
    status = sink.feed(kRows);
  }
  ::close(pipe[1]);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::unreachable);
  EXPECT_EQ(status.error().place, "standard output");
}

TEST(PublishFile, fails_on_a_full_disk_and_says_what_to_do) {
  ActorHarness sink("publish.file", "{ path: /dev/full }", kSchema);
  const Status status = sink.feed(kRows);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::storage_full);
  EXPECT_THAT(status.error().text(), ::testing::HasSubstr("/dev/full: no space is left; free some"));
}

TEST(PublishFile, leaves_no_half_row_behind_when_a_write_fails) {
  const TempFolder folder;
  ActorHarness sink("publish.file", fmt::format("{{ path: {} }}", folder.path("out")), kSchema);
  ASSERT_TRUE(sink.feed("{\"id\":1,\"text\":\"first\"}"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 40;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = sink.feed("{\"id\":2,\"text\":\"a text that is longer than what is left\"}");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::storage_full);
  EXPECT_EQ(folder.read("out"), "{\"id\":1,\"text\":\"first\"}\n");
}

TEST(PublishFile, names_a_path_it_cannot_write) {
  const TempFolder folder;
  folder.write("file", "");
  for (const std::string& path : {folder.path("."), folder.path("file/out")}) {
    ActorHarness sink("publish.file", fmt::format("{{ path: {} }}", path), kSchema);
    const Status status = sink.feed(kRows);
    ASSERT_FALSE(status) << path;
    EXPECT_EQ(status.error().code, Code::storage_failed);
    EXPECT_EQ(status.error().place, path);
    EXPECT_THAT(status.error().message, ::testing::HasSubstr("choose another path"));
  }
}

}  // namespace
}  // namespace leat
