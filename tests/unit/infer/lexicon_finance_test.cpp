#include "infer/lexicon_finance.hpp"

#include <gmock/gmock.h>

#include "infer/lexicons.hpp"

namespace leat {
namespace {

const WordSumLexicon& lexicon() {
  static const WordSumLexicon lexicon({{"profit", 2},
                                       {"loss", -3},
                                       {"sell-off", -1},
                                       {"don't", -1},
                                       {"like", 2},
                                       {"not good", -2},
                                       {"good", 3},
                                       {"does not work", -3},
                                       {"cover-up", -3},
                                       {"na\xC3\xAFve", -2},
                                       {"green wash", -3},
                                       {"green", 1}});
  return lexicon;
}

struct Case {
  const char* text;
  double score;
  std::uint32_t words;
  std::uint32_t known;
};

TEST(WordSumLexicon, scores_are_the_sum_of_the_words_found) {
  const Case cases[] = {
      {"", 0, 0, 0},
      {"wheat shipped", 0, 2, 0},
      {"Profit up, loss down", -1, 4, 2},
      {"PROFIT", 2, 1, 1},
      {"profits", 0, 1, 0},
      // hyphens and apostrophes
      {"a sell-off today", -1, 3, 1},
      {"profit-taking", 2, 1, 1},
      {"don't like", 1, 2, 2},
      {"don\xE2\x80\x99t", -1, 1, 1},
      {"profit's", 2, 1, 1},
      {"'profit' -- loss-", -1, 2, 2},
      // phrases: the longest wins, only a space may stand inside
      {"not good", -2, 2, 1},
      {"Not   Good at all", -2, 4, 1},
      {"not. good", 3, 2, 1},
      {"not - good", 3, 2, 1},
      {"not 'good'", 3, 2, 1},
      {"it does not work", -3, 4, 1},
      {"it does not", 0, 3, 0},
      {"does not good", -2, 3, 1},
      {"green wash", -3, 2, 1},
      {"green washing", 1, 2, 1},
      // letters beyond ASCII
      {"NA\xC3\x8FVE", -2, 1, 1},
      {"\xE2\x80\x9Closs\xE2\x80\x9D", -3, 1, 1},
      {"loss\xE2\x80\x94profit", -1, 2, 2},
      {"12 3/4 pct", 0, 4, 0},
  };
  for (const Case& expected : cases) {
    const WordSum sum = lexicon().score(expected.text);
    EXPECT_EQ(sum.score, expected.score) << expected.text;
    EXPECT_EQ(sum.words, expected.words) << expected.text;
    EXPECT_EQ(sum.known, expected.known) << expected.text;
  }
}

TEST(WordSumLexicon, comparative_is_the_score_per_word) {
  EXPECT_DOUBLE_EQ(lexicon().score("profit up, loss down").comparative(), -0.25);
  EXPECT_DOUBLE_EQ(lexicon().score("").comparative(), 0);
}

TEST(WordSumLexicon, the_finance_list_scores_its_own_entries) {
  const auto entries = words::read_lexicon(find_model({.name = "finance", .path = {}}, "lexicon")->path());
  if (!entries) GTEST_SKIP() << "no finance lexicon here: run scripts/bootstrap";
  const WordSumLexicon finance(*entries);
  EXPECT_GT(entries->size(), 3500u);
  for (const auto& [text, score] : *entries) EXPECT_EQ(finance.score(text).score, score) << text;
}

}  // namespace
}  // namespace leat
