#include "infer/lexicon_vader.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <leat/batch_builder.hpp>
#include <sstream>

#include "infer/lexicons.hpp"

namespace leat {
namespace {

VaderLexicon small_lexicon() {
  return VaderLexicon(
      {{"good", 1.9}, {"bad", -2.5}, {"great", 3.1}, {"smart", 1.7}, {":)", 2.0}, {"no", -1.2}});
}

double compound(std::string_view text) {
  return small_lexicon().score(text).compound;
}

TEST(VaderLexicon, text_without_a_word_scores_nothing) {
  EXPECT_EQ(small_lexicon().score(""), VaderScore{});
  EXPECT_EQ(small_lexicon().score("a ! \t ?"), VaderScore{});
}

TEST(VaderLexicon, unknown_words_are_neutral) {
  EXPECT_EQ(small_lexicon().score("wheat was shipped"), (VaderScore{0, 1, 0, 0}));
}

TEST(VaderLexicon, sum_is_normalised_and_rounded_to_four_digits) {
  // 1.9 / sqrt(1.9 * 1.9 + 15)
  EXPECT_DOUBLE_EQ(compound("good"), 0.4404);
}

TEST(VaderLexicon, each_rule_moves_the_score_its_way) {
  const double good = compound("it is good"), bad = compound("it is bad");
  EXPECT_GT(compound("it is very good"), good);
  EXPECT_LT(compound("it is slightly good"), good);
  EXPECT_LT(compound("it is very bad"), bad);
  EXPECT_GT(compound("it is GOOD"), good);
  EXPECT_GT(compound("it is good!"), good);
  EXPECT_GT(compound("it is good??"), good);
  EXPECT_EQ(compound("it is good?"), good);
  EXPECT_LT(compound("it is not good"), 0);
  EXPECT_LT(compound("it isn't good"), 0);
  EXPECT_GT(compound("it is not bad"), 0);
  EXPECT_LT(compound("good it was but it is bad"), compound("good it was and it is bad"));
  EXPECT_GT(compound("it was never so good"), good);
  EXPECT_LT(compound("it was least good"), 0);
  EXPECT_EQ(compound("at least good"), good);
}

TEST(VaderLexicon, intensifier_counts_less_with_distance) {
  const double next = compound("it is very good"), second = compound("it is very xx good"),
               third = compound("it is very xx yy good"), fourth = compound("it is very xx yy zz good");
  EXPECT_GT(next, second);
  EXPECT_GT(second, third);
  EXPECT_GT(third, fourth);
  EXPECT_EQ(fourth, compound("it is good"));
}

TEST(VaderLexicon, capitals_count_only_beside_other_words) {
  EXPECT_EQ(compound("IT IS GOOD"), compound("it is good"));
}

TEST(VaderLexicon, no_more_than_four_exclamation_marks_count) {
  EXPECT_EQ(compound("it is good !!!!"), compound("it is good !!!!!!!!"));
  EXPECT_GT(compound("it is good !!!!"), compound("it is good !!!"));
}

TEST(VaderLexicon, marks_around_a_word_follow_the_published_implementation) {
  EXPECT_EQ(compound("good,"), compound("good"));
  EXPECT_EQ(compound("'good"), compound("good"));
  EXPECT_EQ(compound("\"good\""), 0) << "marks on both sides stay part of the word";
  EXPECT_EQ(compound("good..."), 0) << "so does a run of dots";
  EXPECT_EQ(compound("say :)"), compound("say xx :)"));
}

TEST(VaderLexicon, spaces_of_every_script_separate_words) {
  for (const char* space : {" ", "\t", "\n", "\xC2\xA0", "\xE2\x80\x83", "\xE3\x80\x80"})
    EXPECT_EQ(compound(std::string("is") + space + "good"), compound("is good"));
}

TEST(VaderLexicon, broken_utf8_is_read_to_its_end) {
  for (const char* text : {"good \xE2", "good \xE2\x80", "\xF0\x9F good", "\xC3", "\xFF\xFE good"})
    EXPECT_GE(compound(text), 0) << text;
}

TEST(VaderLexicon, null_text_gives_null_scores) {
  BatchBuilder rows(Schema::make({{"text", Type::string, true}}));
  rows.add("good");
  rows.add(std::nullopt);
  const Batch batch = rows.finish();
  const auto prediction = small_lexicon().predict(batch.column(0));
  ASSERT_TRUE(prediction);
  EXPECT_FALSE(prediction->outputs.column(0).is_null(0));
  EXPECT_TRUE(prediction->outputs.column(0).is_null(1));
}

// The figures in vader_reference.tsv come from the published JavaScript implementation
// (scripts/vader-reference); the sentences are ours.
TEST(VaderLexicon, agrees_with_the_published_implementation) {
  const ModelSource source{.name = "vader", .path = {}};
  const auto entries = words::read_lexicon(find_model(source, "lexicon")->path());
  if (!entries) GTEST_SKIP() << "no VADER lexicon here: run scripts/bootstrap";
  const VaderLexicon lexicon(*entries);
  const char* root = std::getenv("LEAT_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  std::ifstream file(std::string(root) + "/tests/unit/infer/vader_reference.tsv");
  ASSERT_TRUE(file);
  std::size_t sentences = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line.starts_with("sentence\t")) continue;
    const std::size_t tab = line.find('\t');
    ASSERT_NE(tab, std::string::npos) << line;
    std::istringstream figures(line.substr(tab));
    VaderScore expected;
    ASSERT_TRUE(figures >> expected.neg >> expected.neu >> expected.pos >> expected.compound) << line;
    const std::string sentence = line.substr(0, tab);
    const VaderScore score = lexicon.score(sentence);
    EXPECT_NEAR(score.neg, expected.neg, 1e-9) << sentence;
    EXPECT_NEAR(score.neu, expected.neu, 1e-9) << sentence;
    EXPECT_NEAR(score.pos, expected.pos, 1e-9) << sentence;
    EXPECT_NEAR(score.compound, expected.compound, 1e-9) << sentence;
    ++sentences;
  }
  EXPECT_GE(sentences, 120u);
}

}  // namespace
}  // namespace leat
