#include "topology/source_text.hpp"

namespace leat {
namespace {

struct Case {
  const char* source;  ///< the file
  Place start;         ///< of the scalar's first byte
  const char* scalar;  ///< as YAML decodes it
  const char* wanted;  ///< a word of the scalar ...
  Place place;         ///< ... and where the file shows it
};

Place at(std::uint32_t line, std::uint32_t column) {
  return {nullptr, line, column, 0};
}

class Finds : public ::testing::TestWithParam<Case> {};

TEST_P(Finds, a_word_where_the_file_shows_it) {
  const Case& param = GetParam();
  const SourceText source(param.source);
  const std::string scalar = param.scalar;
  const Place found = source.find(param.start, scalar, scalar.find(param.wanted));
  EXPECT_EQ(found.line, param.place.line);
  EXPECT_EQ(found.column, param.place.column);
}

INSTANTIATE_TEST_SUITE_P(
    SourceText, Finds,
    ::testing::Values(Case{"a: x + foo", at(1, 4), "x + foo", "foo", at(1, 8)},
                      Case{"a: \"x + foo\"", at(1, 5), "x + foo", "foo", at(1, 9)},
                      Case{"a: \"\\\"x\\\" + foo\"", at(1, 5), "\"x\" + foo", "foo", at(1, 13)},
                      Case{"a: \"\\u00e9\\x41 + foo\"", at(1, 5), "\xc3\xa9\x41 + foo", "foo", at(1, 18)},
                      Case{"a: 'it''s + foo'", at(1, 5), "it's + foo", "foo", at(1, 13)},
                      Case{"a: |\n  x\n    + foo", at(2, 3), "x\n  + foo", "foo", at(3, 7)},
                      Case{"a: |\n  x\n\n  foo", at(2, 3), "x\n\nfoo", "foo", at(4, 3)},
                      Case{"a: >-\n  x\n  foo", at(2, 3), "x foo", "foo", at(3, 3)},
                      Case{"a: >-  # why\n  x\n\n  foo", at(2, 3), "x\nfoo", "foo", at(4, 3)},
                      Case{"a: x\n   foo", at(1, 4), "x foo", "foo", at(2, 4)},
                      Case{"a: 'x  \n    foo'", at(1, 5), "x foo", "foo", at(2, 5)},
                      Case{"a: \"x\\\n   foo\"", at(1, 5), "xfoo", "foo", at(2, 4)},
                      Case{"a: \xc3\xa9 + foo", at(1, 4), "\xc3\xa9 + foo", "foo", at(1, 9)},
                      // A variable was replaced: its own place is the best there is.
                      Case{"a: x ${env:Y} foo", at(1, 4), "x long value foo", "foo", at(1, 6)}));

TEST(SourceText, finds_the_quote_that_closes) {
  EXPECT_EQ(SourceText("'it''s'").closing_quote(at(1, 1)).column, 7u);
  EXPECT_EQ(SourceText("\"a\\\"b\"").closing_quote(at(1, 1)).column, 6u);
  EXPECT_EQ(SourceText("'a\n b' c").closing_quote(at(1, 1)).line, 2u);
  EXPECT_FALSE(SourceText("'abc").closing_quote(at(1, 1)).known());
  EXPECT_FALSE(SourceText("\"a\\\"").closing_quote(at(1, 1)).known());
}

TEST(SourceText, knows_text_from_other_bytes) {
  for (const char* good : {"", "plain", "tab\t", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x92\xa7", "\r"})
    EXPECT_EQ(first_unreadable(good), std::nullopt) << good;
  EXPECT_EQ(first_unreadable("ab\xff"), 2u);
  EXPECT_EQ(first_unreadable("a\xc3"), 1u);
  EXPECT_EQ(first_unreadable("\xed\xa0\x80"), 0u);      // a surrogate
  EXPECT_EQ(first_unreadable("\xf4\x90\x80\x80"), 0u);  // beyond Unicode
  EXPECT_EQ(first_unreadable("\xe0\x80\x80"), 0u);      // overlong
  EXPECT_EQ(first_unreadable("a\x07"), 1u);
}

TEST(SourceText, never_reads_beyond_its_lines) {
  const SourceText source("a: x\nb");
  EXPECT_EQ(source.line(0), "");
  EXPECT_EQ(source.line(3), "");
  EXPECT_EQ(source.rest(at(2, 9)), "");
  EXPECT_EQ(source.at(at(9, 9)), '\0');
  EXPECT_EQ(source.find(at(9, 9), "text", 3).line, 9u);
}

}  // namespace
}  // namespace leat
