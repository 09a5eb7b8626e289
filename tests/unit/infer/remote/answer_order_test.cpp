#include "infer/remote/answer_order.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

using Rows = std::vector<std::uint64_t>;
using Rule = AnswerOrder::Rule;

/// Rows 1, 2, 3 ... with these keys; settled in the given order, negative ones without an answer.
Rows released(Rule rule, const std::vector<std::uint64_t>& keys, const std::vector<int>& settled) {
  AnswerOrder order(rule);
  for (std::uint64_t row = 1; row <= keys.size(); ++row) order.add(row, keys[row - 1]);
  Rows go;
  for (const int row : settled) {
    const auto number = static_cast<std::uint64_t>(std::abs(row));
    order.settle(number, keys[number - 1], row > 0, go);
  }
  EXPECT_EQ(order.rows(), 0u);
  return go;
}

TEST(AnswerOrder, lets_answers_go_by_its_rule) {
  const std::vector<std::uint64_t> keys{7, 8, 7, 8, 7};
  struct Case {
    Rule rule;
    std::vector<int> settled;
    Rows go;
  };
  const Case cases[] = {
      {Rule::none, {3, 1, 5, 2, 4}, {3, 1, 5, 2, 4}},   {Rule::none, {3, -1, 5, -2, 4}, {3, 5, 4}},
      {Rule::all, {3, 1, 5, 2, 4}, {1, 2, 3, 4, 5}},    {Rule::all, {3, -1, 5, 2, -4}, {2, 3, 5}},
      {Rule::by_key, {3, 4, 1, 5, 2}, {1, 3, 5, 2, 4}}, {Rule::by_key, {3, 4, -1, 5, -2}, {3, 5, 4}},
      {Rule::by_key, {5, 3, 2, 4, -1}, {2, 4, 3, 5}},
  };
  for (const Case& with : cases) EXPECT_EQ(released(with.rule, keys, with.settled), with.go) << &with - cases;
}

TEST(AnswerOrder, key_does_not_wait_for_another) {
  AnswerOrder order(Rule::by_key);
  for (std::uint64_t row = 0; row < 100; ++row) order.add(row, row % 2);
  Rows go;
  for (std::uint64_t row = 1; row < 100; row += 2) order.settle(row, 1, true, go);
  EXPECT_EQ(go.size(), 50u);
  EXPECT_EQ(order.rows(), 50u);
}

TEST(AnswerOrder, holds_nothing_without_a_rule) {
  AnswerOrder order(Rule::none);
  order.add(1, 0);
  EXPECT_EQ(order.rows(), 0u);
}

}  // namespace
}  // namespace leat
