#include "infer/words.hpp"

#include <gmock/gmock.h>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

TEST(Words, lower_case_knows_ascii_and_latin_1) {
  std::string lower;
  words::append_lower("Na\xC3\x8FVE \xC3\x97 \xC3\x9F \xE2\x80\x93 X1", lower);
  EXPECT_EQ(lower, "na\xC3\xAFve \xC3\x97 \xC3\x9F \xE2\x80\x93 x1");
}

TEST(Words, a_character_beyond_the_basic_plane_is_two_units) {
  EXPECT_FALSE(words::longer_than_one_unit(""));
  EXPECT_FALSE(words::longer_than_one_unit("a"));
  EXPECT_FALSE(words::longer_than_one_unit("\xC3\xA9"));
  EXPECT_TRUE(words::longer_than_one_unit("ab"));
  EXPECT_TRUE(words::longer_than_one_unit("\xF0\x9F\x98\x80"));
}

TEST(ReadLexicon, takes_the_first_two_columns) {
  const testing::TempFolder folder;
  const auto entries =
      words::read_lexicon(folder.write("l.tsv", "good\t1.9\t0.8\t[1, 2]\r\n\nfed up\t-2\n:(\t-1"));
  ASSERT_TRUE(entries);
  EXPECT_EQ(*entries,
            (std::vector<std::pair<std::string, double>>{{"good", 1.9}, {"fed up", -2}, {":(", -1}}));
}

TEST(ReadLexicon, malformed_lines_are_named) {
  const testing::TempFolder folder;
  for (const char* text :
       {"good\n", "\t1\n", "good\tx\n", "good\t\n", "good\t1x\n", "good\tnan\n", "good\t1e9\n"}) {
    const std::string path = folder.write("l.tsv", std::string("fine\t1\n") + text);
    const auto entries = words::read_lexicon(path);
    ASSERT_FALSE(entries) << text;
    EXPECT_EQ(entries.error().code, Code::model_failed);
    EXPECT_EQ(entries.error().place, path + ":2");
  }
}

TEST(ReadLexicon, missing_and_empty_files_are_told_apart) {
  const testing::TempFolder folder;
  EXPECT_EQ(words::read_lexicon(folder.path("none")).error().code, Code::model_missing);
  EXPECT_EQ(words::read_lexicon(folder.write("empty", "")).error().code, Code::model_failed);
}

}  // namespace
}  // namespace leat
