#include <gtest/gtest.h>

#include "fuzz/entries.hpp"
#include "infer/ngram/ngram_weights.hpp"
#include "support/damage.hpp"
#include "support/fuzz_corpus.hpp"
#include "support/temp_folder.hpp"

// The same doors as libFuzzer's, with the same inputs in every run. A broken promise aborts.
namespace leat {
namespace {

TEST(TextFuzzing, models_read_any_bytes_as_a_text) {
  const std::vector<std::string> seeds = {
      "\x03UNwant\u00e9d, running :) isn't VERY good!!", "\xffnot good \u4e2d\u6587\u00a0cafe\u0301 a-b",
      "\x10kind of bad?? but \U0001F600\U0001F600 \xed\xa0\x80\xe0\x80\x80\xc3", std::string("\x01\0a\0", 4)};
  testing::try_damaged(seeds, 20'000, fuzz::try_texts);
  EXPECT_GT(testing::try_corpus("texts", fuzz::try_texts), 1);
}

TEST(TextFuzzing, damaged_ngram_models_are_read_or_refused) {
  const testing::TempFolder folder;
  const NgramWeights model{.shape = {.buckets = 8}, .bias = -0.5F, .weights = std::vector<float>(8, 0.25F)};
  ASSERT_TRUE(write_ngrams(model, folder.path("a.ngram")));
  testing::try_damaged({folder.read("a.ngram")}, 2'000, fuzz::try_ngrams);
  EXPECT_GT(testing::try_corpus("ngrams", fuzz::try_ngrams), 1);
}

}  // namespace
}  // namespace leat
