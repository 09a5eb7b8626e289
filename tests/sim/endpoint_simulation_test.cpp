#include "sim/endpoint_simulation.hpp"

#include <gtest/gtest.h>

namespace leat::sim {
namespace {

std::string report(std::uint64_t seed, const EndpointResult& result) {
  std::string text = "seed " + std::to_string(seed) + "\n";
  for (const std::string& line : result.trace) text += "  " + line + "\n";
  return text;
}

TEST(Endpoint, every_row_has_one_outcome_in_10000_runs) {
  EndpointResult sum;
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed) {
    const EndpointResult result = simulate_endpoint({.seed = seed});
    ASSERT_EQ(result.violations, std::vector<std::string>()) << report(seed, result);
    sum.answered += result.answered;
    sum.failed += result.failed;
    sum.late += result.late;
    sum.refused_alone += result.refused_alone;
    sum.retries += result.retries;
    sum.unwanted += result.unwanted;
    sum.given_up += result.given_up;
    sum.crashes += result.crashes;
    sum.breaker_opened += result.breaker_opened;
  }
  // Enough went wrong to prove something.
  EXPECT_GT(sum.answered, 100'000u);
  EXPECT_GT(sum.failed, 10'000u);
  EXPECT_GT(sum.late, 1000u);
  EXPECT_GT(sum.refused_alone, 1000u);
  EXPECT_GT(sum.retries, 10'000u);
  EXPECT_GT(sum.unwanted, 1000u);
  EXPECT_GT(sum.given_up, 1000u);
  EXPECT_GT(sum.crashes, 1000u);
  EXPECT_GT(sum.breaker_opened, 1000u);
}

TEST(Endpoint, same_seed_does_the_same) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    EXPECT_EQ(simulate_endpoint({.seed = seed}).trace, simulate_endpoint({.seed = seed}).trace) << seed;
}

class EndpointMutant : public ::testing::TestWithParam<std::string> {};

TEST_P(EndpointMutant, is_caught) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    if (!simulate_endpoint({.seed = seed, .mutant = GetParam()}).violations.empty()) return;
  FAIL() << "2000 seeds found nothing wrong with " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Endpoint, EndpointMutant, ::testing::ValuesIn(endpoint_mutants()),
                         [](const auto& mutant) { return mutant.param; });

}  // namespace
}  // namespace leat::sim
