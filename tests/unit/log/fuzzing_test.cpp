#include <gtest/gtest.h>

#include <random>

#include "fuzz/entries.hpp"
#include "support/fuzz_corpus.hpp"

namespace leat {
namespace {

TEST(LogFuzzing, the_corpus_keeps_all_promises) {
  EXPECT_GT(testing::try_corpus("log", fuzz::try_log), 4);
}

TEST(LogFuzzing, so_do_random_bytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string bytes(random() % 300, '\0');
    for (char& byte : bytes) byte = random() % 3 == 0 ? static_cast<char>(random()) : '\0';
    fuzz::try_log(bytes);
  }
}

}  // namespace
}  // namespace leat
