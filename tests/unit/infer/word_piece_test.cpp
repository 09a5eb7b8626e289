#include "infer/word_piece.hpp"

#include <gmock/gmock.h>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;
using Ids = std::vector<std::int64_t>;

/// The vocabulary of the tests published with BERT, with the pieces every BERT has in front.
const Words kVocab = {"[UNK]", "[CLS]", "[SEP]", "want",  "##want", "##ed",
                      "wa",    "un",    "runn",  "##ing", ",",      "[PAD]"};

WordPiece pieces(WordPiece::Options options = {}) {
  return *WordPiece::make(kVocab, options);
}

Ids ids(const WordPiece& pieces, std::string_view text) {
  Ids ids;
  pieces.encode(text, ids);
  return ids;
}

TEST(WordPiece, gives_the_ids_that_are_published_for_it) {
  // google-research/bert, tokenization_test.py: un ##want ##ed , runn ##ing is 7 4 5 10 8 9.
  EXPECT_THAT(ids(pieces(), "UNwant\u00E9d,running"), ElementsAre(1, 7, 4, 5, 10, 8, 9, 2));
  EXPECT_THAT(ids(pieces(), ""), ElementsAre(1, 2));
  EXPECT_THAT(ids(pieces(), "unwanted running"), ElementsAre(1, 7, 4, 5, 8, 9, 2));
  EXPECT_THAT(ids(pieces(), "unwantedX running"), ElementsAre(1, 0, 8, 9, 2));
}

struct Split {
  std::string_view text;
  Words words;
};

TEST(WordPiece, splits_words_as_published) {
  const Split cases[] = {
      // tokenization_test.py: test_chinese, test_basic_tokenizer_lower.
      {"ah\u535A\u63A8zz", {"ah", "\u535A", "\u63A8", "zz"}},
      {" \tHeLLo!how  \n Are yoU?  ", {"hello", "!", "how", "are", "you", "?"}},
      {"H\u00E9llo", {"hello"}},
      // The rest by the rules.
      {"e\u0301t\u0065\u0301", {"ete"}},  // accents as characters of their own
      {"\u00C5ngstr\u00F6m \u0130stanbul", {"angstrom", "istanbul"}},
      {"\u1EC7 \u01D6 \u0390", {"e", "u", "\u03B9"}},  // two accents on one letter
      {"\u00D8re \u0141\u00F3d\u017A \u00DF", {"\u00F8re", "\u0142odz", "\u00DF"}},  // strokes are no accents
      {"\u041F\u0420\u0418\u0412\u0415\u0422 \u0419", {"\u043F\u0440\u0438\u0432\u0435\u0442", "\u0438"}},
      {"\u30AC\u30AE", {"\u30AB\u30AD"}},  // Kana is no ideograph, its voicing mark an accent
      {"\uAC00", {"\u1100\u1161"}},        // Hangul comes apart into its letters
      {"don't stop-loss $5.20 a_b",
       {"don", "'", "t", "stop", "-", "loss", "$", "5", ".", "20", "a", "_", "b"}},
      {"\u201Cquote\u201D\u2026", {"\u201C", "quote", "\u201D", "\u2026"}},
      {"a\u00A0b\u3000c", {"a", "b", "c"}},
      {"a\u200Bb\u0007c\u00ADd", {"abcd"}},  // controls vanish
  };
  for (const Split& split : cases) EXPECT_EQ(pieces().words(split.text), split.words) << split.text;
}

TEST(WordPiece, cased_models_keep_case_and_accents) {
  // tokenization_test.py: test_basic_tokenizer_no_lower.
  EXPECT_THAT(pieces({.lower_case = false}).words(" \tHeLLo!how  \n Are yoU?  "),
              ElementsAre("HeLLo", "!", "how", "Are", "yoU", "?"));
  EXPECT_THAT(pieces({.lower_case = false}).words("H\u00E9llo"), ElementsAre("H\u00E9llo"));
}

TEST(WordPiece, long_texts_are_cut_and_still_end) {
  EXPECT_THAT(ids(pieces({.tokens = 4}), "unwanted running"), ElementsAre(1, 7, 4, 2));
  EXPECT_THAT(ids(pieces({.tokens = 3}), "unwanted running"), ElementsAre(1, 7, 2));
  EXPECT_THAT(ids(pieces({.tokens = 7}), "unwanted running"), ElementsAre(1, 7, 4, 5, 8, 9, 2));
  EXPECT_FALSE(WordPiece::make(kVocab, {.tokens = 2}));
}

TEST(WordPiece, words_of_more_than_100_characters_are_unknown) {
  std::string word = "un";
  while (word.size() < 98) word += "want";
  EXPECT_THAT(ids(pieces(), word + "ed"), ::testing::Not(::testing::Contains(0)));
  EXPECT_THAT(ids(pieces(), word + "wanted"), ElementsAre(1, 0, 2));
}

TEST(WordPiece, broken_utf8_is_read_to_its_end) {
  EXPECT_THAT(pieces().words("a\xFF"
                             "b\xE2\x82"),
              ElementsAre("ab"));
  EXPECT_THAT(pieces().words("\xC0\x80\xF5"), ElementsAre());
}

TEST(WordPiece, a_vocabulary_of_something_else_is_refused) {
  const testing::TempFolder folder;
  const auto without = WordPiece::load(folder.write("vocab.txt", "[CLS]\n[SEP]\n[PAD]\nthe\n"), {});
  ASSERT_FALSE(without);
  EXPECT_THAT(without.error().message, HasSubstr("[UNK]"));
  EXPECT_THAT(without.error().place, HasSubstr("vocab.txt"));
  EXPECT_EQ(WordPiece::load(folder.path("none.txt"), {}).error().code, Code::model_missing);
  const auto windows =
      WordPiece::load(folder.write("vocab.txt", "[UNK]\r\n[CLS]\r\n[SEP]\r\n[PAD]\r\nthe\r\n"), {});
  ASSERT_TRUE(windows);
  EXPECT_THAT(ids(*windows, "The"), ElementsAre(1, 4, 2));
}

}  // namespace
}  // namespace leat
