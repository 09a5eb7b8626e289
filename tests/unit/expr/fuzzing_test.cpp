#include <gtest/gtest.h>

#include "fuzz/entries.hpp"
#include "support/fuzz_corpus.hpp"

namespace leat {
namespace {

// The seeds of tests/fuzz/expr_fuzz, and what it has found.
TEST(ExpressionFuzzing, the_corpus_passes) {
  EXPECT_GT(testing::try_corpus("expr", fuzz::try_expression), 10);
}

}  // namespace
}  // namespace leat
