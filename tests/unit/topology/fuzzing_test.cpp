#include <gtest/gtest.h>

#include "fuzz/entries.hpp"
#include "support/fuzz_corpus.hpp"

namespace leat {
namespace {

// The seeds of tests/fuzz/topology_fuzz, and what it has found.
TEST(TopologyFuzzing, the_corpus_passes) {
  EXPECT_GT(testing::try_corpus("topology", fuzz::try_topology), 4);
}

}  // namespace
}  // namespace leat
