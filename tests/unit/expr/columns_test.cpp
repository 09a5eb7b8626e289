#include <fmt/format.h>
#include <gtest/gtest.h>

#include <leat/expression.hpp>

#include "expr/checker.hpp"
#include "expr/column_row.hpp"
#include "support/mixed_batches.hpp"

namespace leat {
namespace {

using testing::mixed_batch, testing::mixed_schema;

constexpr const char* kExpressions[] = {
    "i + j",
    "i - j",
    "i * j",
    "i / j",
    "i % j",
    "x + x",
    "x * 2.0",
    "x / x",
    "i + 1",
    "j * 2 + i > 10",
    "i == j",
    "i != j",
    "i < j",
    "x < 1.0",
    "x == x",
    "x >= 0.0",
    "i < x",
    "i == null",
    "x != null",
    "s == \"en\"",
    "s < \"f\"",
    "s != null",
    "s == s",
    "t < timestamp(500)",
    "b && i > 0",
    "b || 1 / i > 0",
    "!b",
    "!(i > 0)",
    "i > 0 && j > 0",
    "i > 0 || j > 0",
    "b ? i : j",
    "s.startsWith(\"e\")",
    "s.endsWith(\"o\")",
    "s.contains(\"l\")",
    "s.matches(\"^h\")",
    "size(s)",
    "s + \"!\"",
    "s.upperAscii()",
    "s.substring(1)",
    "int(x)",
    "double(i)",
    "string(j)",
    "i in [1, 2]",
    "has(i)",
    "has(s) && s == \"de\"",
    "a == 1",
    "a.k",
    "a[0]",
    "dyn(a) + 1",
    "t.getSeconds()",
    "i > 0 ? s : null",
    "[i, j]",
    "b == true",
    "true && b",
    "j == 0 || i / j > 0",
};

// The interpreter is the reference: it is simple, and the page of examples tests it. Columns must agree with
// it row by row.
TEST(Columns, give_what_the_interpreter_gives_on_random_rows) {
  std::mt19937 random(20261121);
  const SchemaPtr schema = mixed_schema();
  for (const char* text : kExpressions) {
    SCOPED_TRACE(text);
    Expression expression(text);
    const auto problem = expression.bind(schema);
    ASSERT_FALSE(problem) << problem->error.message;
    expr::Parsed parsed = expr::parse(text);
    ASSERT_FALSE(expr::check(*parsed.root, schema.get(), false));
    for (const std::uint32_t rows : {0u, 1u, 7u, 300u}) {
      const Batch whole = mixed_batch(random, rows + 3);
      const Batch batch = whole.slice(2, rows);  // an offset that is no multiple of 8
      const Evaluated evaluated = expression.evaluate(batch);
      ASSERT_EQ(evaluated.values.row_count(), rows);
      auto failed = evaluated.failed.begin();
      for (std::uint32_t row = 0; row < rows; ++row) {
        expr::ColumnRow at(batch);
        at.move_to(row);
        const Result<expr::Value> expected = expr::Interpreter(at).evaluate(*parsed.root);
        const bool row_failed = failed != evaluated.failed.end() && failed->row == row;
        ASSERT_EQ(row_failed, !expected)
            << "row " << row << (expected ? "" : ": " + expected.error().message);
        if (row_failed) {
          EXPECT_EQ(failed->error.message, expected.error().message);
          ++failed;
          continue;
        }
        const expr::Value value = expr::value_in(evaluated.values, row);
        EXPECT_EQ(expr::value_to_json(value), expr::value_to_json(*expected)) << "row " << row;
      }
      EXPECT_EQ(failed, evaluated.failed.end());
    }
  }
}

TEST(Columns, short_texts_are_compared_as_texts_are) {
  BatchBuilder builder(Schema::make({{"s", Type::string}}));
  const std::string letters = "abcdefghijklmnopqr";
  for (std::size_t size = 0; size <= letters.size(); ++size)
    for (std::size_t changed = 0; changed <= size; ++changed) {
      std::string text = letters.substr(0, size);
      if (changed < size) text[changed] = '-';
      builder.add(text);
    }
  const Batch batch = builder.finish();
  for (std::size_t size = 0; size <= letters.size(); ++size) {
    const std::string wanted = letters.substr(0, size);
    for (const char* op : {"==", "!="})
      for (const bool turned : {false, true}) {
        Expression expression(turned ? fmt::format("\"{}\" {} s", wanted, op)
                                     : fmt::format("s {} \"{}\"", op, wanted));
        ASSERT_FALSE(expression.bind(batch.schema()));
        const Evaluated evaluated = expression.evaluate(batch);
        for (std::uint32_t row = 0; row < batch.row_count(); ++row)
          ASSERT_EQ(evaluated.values.boolean(row), (batch.column(0).text(row) == wanted) == (op[0] == '='))
              << expression.text() << " of " << batch.column(0).text(row);
      }
  }
}

TEST(Columns, a_plain_field_is_not_copied) {
  std::mt19937 random(1);
  const Batch batch = mixed_batch(random, 10);
  Expression expression("x");
  ASSERT_FALSE(expression.bind(batch.schema()));
  EXPECT_EQ(expression.evaluate(batch).values.parts().values, batch.column(2).parts().values);
}

TEST(Columns, a_dynamic_result_of_another_type_than_expected_fails_its_row) {
  BatchBuilder builder(Schema::make({{"a", Type::any, true}}));
  builder.add(*json_to_msgpack("true"));
  builder.add(*json_to_msgpack("1"));
  const Batch batch = builder.finish();
  for (const char* text : {"a", "dyn(a)"}) {
    Expression expression(text);
    ASSERT_FALSE(expression.bind(batch.schema(), Type::boolean));
    EXPECT_FALSE(expression.field_index()) << "the field as it is has another type";
    const Evaluated evaluated = expression.evaluate(batch);
    ASSERT_EQ(evaluated.failed.size(), 1u);
    EXPECT_EQ(evaluated.failed[0].row, 1u);
    ASSERT_EQ(evaluated.values.type(), Type::boolean);
    EXPECT_TRUE(evaluated.values.boolean(0));
  }
}

}  // namespace
}  // namespace leat
