#pragma once

#include <variant>

#include "testing/excerpt.hpp"
#include "testing/row_diff.hpp"

namespace leat {

namespace test_step {
/// Rows come out of a feed, as one batch.
struct Send {
  std::size_t feed = 0;
  std::uint8_t port = 0;
  TestRows rows;
};
struct Advance {
  Duration duration{};
};
struct Watermark {
  std::vector<std::pair<std::size_t, Time>> feeds;
};
/// Empty: everything ends.
struct End {
  std::vector<std::size_t> feeds;
};
struct Expect {
  std::size_t capture = 0;
  std::optional<TestRows> rows;
  std::optional<std::uint64_t> count;
  RowRule rule;
};
}  // namespace test_step

struct TestStep {
  Place place;
  std::variant<test_step::Send, test_step::Advance, test_step::Watermark, test_step::End, test_step::Expect>
      what;
};

/// One test of a topology, checked: names are found, rows fit their schemas.
struct TopologyTest {
  std::string name;
  Place place;
  Time start{};
  ExcerptPlan plan;
  std::vector<TestStep> steps;
};

/// The tests under `tests:` of a loaded topology, or in the file that it names. Problems go to `diagnostics`;
/// then the list is not complete.
std::vector<TopologyTest> read_tests(const Topology& topology, Diagnostics& diagnostics);

struct TestFailure {
  Place place;  ///< of the expectation or step
  std::string message;
  std::vector<std::string> diff;  ///< lines beginning with "  ", "- " or "+ "
};

struct TestResult {
  std::string name;
  Place place;
  std::vector<TestFailure> failures;
  std::vector<std::string> log;  ///< what actors said
  bool passed() const { return failures.empty(); }
};

/// Runs one test in this thread, on a clock of its own. Nothing of an earlier test is left but files.
TestResult run_test(const Topology& topology, const TopologyTest& test);

}  // namespace leat
