#include <leat/expression.hpp>

#include "expr/checker.hpp"
#include "expr/column_row.hpp"
#include "fuzz/entries.hpp"
#include "support/mixed_batches.hpp"

namespace leat::fuzz {
namespace {

using expr::Node;

constexpr std::size_t kTextBytesMax = 4096;
// Macros in macros multiply: no promise bounds what an author may ask for, so the fuzzer must.
constexpr std::size_t kMacrosMax = 2;

std::size_t macro_count(const Node& node) {
  std::size_t count = node.kind == expr::NodeKind::comprehension ? 1 : 0;
  for (const expr::NodePtr& child : node.children) count += macro_count(*child);
  return count;
}

// Never a multiple of 8 rows from the start: bits of bools and nulls must be found there, too.
const Batch& rows() {
  static const Batch batch = [] {
    std::mt19937 random(20261121);
    return testing::mixed_batch(random, 40).slice(3, 37);
  }();
  return batch;
}

// Column by column, and row by row in the interpreter: the same values, the same failures.
void compare(const Expression& bound, Node& root) {
  const Evaluated evaluated = bound.evaluate(rows());
  LEAT_ASSERT(evaluated.values.row_count() == rows().row_count());
  LEAT_ASSERT(evaluated.values.type() == bound.type());
  auto failed = evaluated.failed.begin();
  expr::ColumnRow at(rows());
  for (std::uint32_t row = 0; row < rows().row_count(); ++row) {
    at.move_to(row);
    const Result<expr::Value> expected = expr::Interpreter(at).evaluate(root);
    const bool row_failed = failed != evaluated.failed.end() && failed->row == row;
    LEAT_ASSERT(row_failed == !expected);
    if (row_failed) {
      LEAT_ASSERT(failed->error.message == expected.error().message);
      ++failed;
      continue;
    }
    LEAT_ASSERT(expr::value_to_json(expr::value_in(evaluated.values, row)) == expr::value_to_json(*expected));
    LEAT_ASSERT(!expected->is_null() || bound.nullable());
  }
  LEAT_ASSERT(failed == evaluated.failed.end());
}

void check_problem(const Expression::Problem& problem, std::string_view text) {
  LEAT_ASSERT(!problem.error.message.empty());
  LEAT_ASSERT(problem.offset <= text.size());
  LEAT_ASSERT(problem.offset == text.size() || problem.length <= text.size() - problem.offset);
}

}  // namespace

void try_expression(std::string_view input) {
  const std::string text(input.substr(0, kTextBytesMax));
  expr::Parsed parsed = expr::parse(text);
  if (parsed.root && macro_count(*parsed.root) > kMacrosMax) return;
  (void)evaluate_json(text, "");
  (void)evaluate_json(text, R"({"i": 1, "s": "en", "x": 1.5, "a": [1, {"k": null}]})");
  Expression expression(text);
  if (const auto problem = expression.bind(rows().schema())) return check_problem(*problem, text);
  LEAT_ASSERT(parsed.root && !expr::check(*parsed.root, rows().schema().get(), false));
  compare(expression, *parsed.root);
  // A wanted type is refused, or it is what comes out.
  for (const Type type : {Type::boolean, Type::int64, Type::string, Type::any}) {
    Expression wanted(text);
    if (const auto problem = wanted.bind(rows().schema(), type))
      check_problem(*problem, text);
    else
      LEAT_ASSERT(wanted.type() == type && wanted.evaluate(rows()).values.type() == type);
  }
}

}  // namespace leat::fuzz
