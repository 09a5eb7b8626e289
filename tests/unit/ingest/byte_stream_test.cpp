#include "ingest/byte_stream.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using testing::gzipped;
using testing::TempFolder;

struct Read {
  std::string text;
  std::string problem;
};

Read read_all(ByteStream& stream, std::size_t step = 7) {
  Read read;
  std::string buffer(step, '\0');
  for (;;) {
    const Result<std::size_t> got = stream.read(buffer.data(), step);
    if (!got) {
      read.problem = got.error().message;
      return read;
    }
    if (*got == 0) return read;
    read.text.append(buffer, 0, *got);
  }
}

Read read_file(const std::string& path) {
  const auto stream = open_stream(path);
  if (!stream) return {{}, stream.error().message};
  return read_all(**stream);
}

TEST(ByteStream, reads_plain_and_packed_files) {
  const TempFolder folder;
  const std::string text(100'000, 'x');
  EXPECT_EQ(read_file(folder.write("plain", text)).text, text);
  EXPECT_EQ(read_file(folder.write("by_name.gz", gzipped(text))).text, text);
  EXPECT_EQ(read_file(folder.write("by_magic", gzipped(text))).text, text);
  EXPECT_EQ(read_file(folder.write("two.gz", gzipped("ab") + gzipped("cd"))).text, "abcd");
  EXPECT_EQ(read_file(folder.write("empty", "")).text, "");
  EXPECT_EQ(read_file(folder.write("packed_empty.gz", gzipped(""))).problem, "");
}

TEST(ByteStream, says_what_is_wrong_with_an_archive_after_giving_what_is_good) {
  const TempFolder folder;
  std::string text;
  for (int line = 0; line < 20'000; ++line) text += std::to_string(line * 7919) + "\n";
  const std::string packed = gzipped(text);

  const Read cut = read_file(folder.write("cut.gz", packed.substr(0, packed.size() / 2)));
  EXPECT_GT(cut.text.size(), text.size() / 4);
  EXPECT_EQ(cut.text, text.substr(0, cut.text.size()));
  EXPECT_THAT(cut.problem, ::testing::HasSubstr("cut off"));

  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  EXPECT_NE(read_file(folder.write("damaged.gz", damaged)).problem, "");
  EXPECT_THAT(read_file(folder.write("not.gz", "hello")).problem, ::testing::HasSubstr("damaged"));
  EXPECT_THAT(read_file(folder.write("none.gz", "")).problem, ::testing::HasSubstr("cut off"));
}

TEST(ByteStream, seeks_in_plain_and_packed_files) {
  const TempFolder folder;
  for (const std::string& path :
       {folder.write("plain", "0123456789"), folder.write("p.gz", gzipped("0123456789"))}) {
    const auto stream = open_stream(path);
    ASSERT_TRUE(stream);
    ASSERT_TRUE((*stream)->seek(6));
    EXPECT_EQ(read_all(**stream).text, "6789") << path;
    ASSERT_TRUE((*stream)->seek(2));
    EXPECT_EQ(read_all(**stream).text, "23456789") << path;
  }
}

TEST(ByteStream, refuses_what_it_cannot_read_twice_and_says_what_to_do) {
  const TempFolder folder;
  EXPECT_THAT(read_file(folder.path(".")).problem,
              ::testing::HasSubstr("is a folder; for all files in it write"));
  EXPECT_THAT(read_file(folder.path("none")).problem, ::testing::HasSubstr("no such file"));
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(read_file(folder.path("pipe")).problem, ::testing::HasSubstr("not a regular file"));
}

TEST(ByteStream, says_so_when_it_has_no_permission) {
  const TempFolder folder;
  const std::string locked = folder.write("locked", "x");
  ASSERT_EQ(::chmod(locked.c_str(), 0), 0);
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  EXPECT_THAT(read_file(locked).problem, ::testing::HasSubstr("no permission"));
}

}  // namespace
}  // namespace leat
