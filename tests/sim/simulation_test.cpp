#include "sim/simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace leat::sim {
namespace {

TEST(Simulation, does_the_same_for_the_same_seed) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const SimulationResult first = simulate({.seed = seed}), second = simulate({.seed = seed});
    EXPECT_EQ(first.trace, second.trace) << seed;
    EXPECT_EQ(first.violations, std::vector<std::string>()) << seed;
  }
}

TEST(Simulation, has_enough_faults_to_prove_something) {
  std::uint64_t kills = 0, cuts = 0, lost = 0, attempts = 0, checkpoints = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const SimulationResult result = simulate({.seed = seed});
    kills += result.kills;
    cuts += result.cuts;
    lost += result.messages_lost;
    attempts += result.epochs;
    checkpoints += result.checkpoints;
  }
  EXPECT_GT(kills, 200u);
  EXPECT_GT(cuts, 80u);
  EXPECT_GT(lost, 2000u);
  EXPECT_GT(attempts, 600u);
  EXPECT_GT(checkpoints, 1000u);
}

class Mutant : public ::testing::TestWithParam<std::string> {};

// What this table's rows break is what the protocol needs: reliability.md, section 11.
TEST_P(Mutant, is_caught) {
  for (std::uint64_t seed = 1; seed <= 30'000; ++seed)
    if (!simulate({.seed = seed, .mutant = GetParam()}).violations.empty()) return;
  FAIL() << "30000 seeds found nothing wrong with " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Simulation, Mutant, ::testing::ValuesIn(mutants()),
                         [](const auto& mutant) { return mutant.param; });

}  // namespace
}  // namespace leat::sim
