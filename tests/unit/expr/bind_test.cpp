#include <gtest/gtest.h>

#include <leat/expression.hpp>

namespace leat {
namespace {

SchemaPtr payments() {
  return Schema::make({{"card", Type::string, false},
                       {"amount", Type::float64, false},
                       {"count", Type::int64, true},
                       {"time", Type::timestamp, false},
                       {"tags", Type::any, true},
                       {"vector", Type::float32_list, false},
                       {"ok", Type::boolean, false}});
}

struct Wrong {
  const char* text;
  Code code;
  std::uint32_t offset;
  const char* suggestion;  // empty: none wanted
};

TEST(Bind, a_mistake_is_found_at_its_place_with_the_nearest_name) {
  const Wrong cases[] = {
      {"crad == \"x\"", Code::unknown_field, 0, "did you mean `card`?"},
      {"amount > 1.0 && amuont < 2.0", Code::unknown_field, 16, "did you mean `amount`?"},
      {"card.startWith(\"a\")", Code::unknown_function, 5, "did you mean `startsWith`?"},
      {"amount + count", Code::type_mismatch, 7, "convert one with double() or int()"},
      {"card + 1", Code::type_mismatch, 5, "convert one with string(), int() or double()"},
      {"amount &&", Code::bad_expression, 9, ""},
      {"card.matches(\"(\")", Code::bad_expression, 13, ""},
      {"uint(count)", Code::unsupported_expression, 0, ""},
      {"1u", Code::unsupported_expression, 0, ""},
      {"count ? 1 : 2", Code::type_mismatch, 0, ""},
      {"card in card", Code::type_mismatch, 5, ""},
      {"vector[card]", Code::type_mismatch, 7, ""},
      {"card.size(1)", Code::type_mismatch, 5, ""},
      {"ok = true", Code::bad_expression, 3, ""},
      {"ok and ok", Code::bad_expression, 3, "write `&&`"},
      {"has(1)", Code::bad_expression, 0, ""},
      {"card == \"\\", Code::bad_expression, 8, ""},
      {"time - time", Code::type_mismatch, 5, "convert it with getSeconds(), getMilliseconds() or string()"},
  };
  for (const Wrong& wrong : cases) {
    SCOPED_TRACE(wrong.text);
    Expression expression(wrong.text);
    const auto problem = expression.bind(payments());
    ASSERT_TRUE(problem);
    EXPECT_EQ(code_number(problem->error.code), code_number(wrong.code)) << problem->error.message;
    EXPECT_EQ(problem->offset, wrong.offset) << problem->error.message;
    EXPECT_EQ(problem->suggestion, wrong.suggestion);
    EXPECT_FALSE(expression.bound());
  }
}

TEST(Bind, results_have_the_type_of_a_column) {
  const std::pair<const char*, Type> cases[] = {
      {"card", Type::string},
      {"amount * 2.0", Type::float64},
      {"count + 1", Type::int64},
      {"time", Type::timestamp},
      {"tags.x", Type::any},
      {"[1.0, 2.0]", Type::float32_list},
      {"[1, 2]", Type::any},
      {"amount > 1.0", Type::boolean},
      {"ok ? count : null", Type::int64},
      {"(time - time).getSeconds()", Type::int64},
      {"bytes(card)", Type::bytes},
  };
  for (const auto& [text, type] : cases) {
    Expression expression(text);
    const auto problem = expression.bind(payments());
    ASSERT_FALSE(problem) << text << ": " << problem->error.message;
    EXPECT_EQ(to_text(expression.type()), to_text(type)) << text;
  }
}

TEST(Bind, an_expected_type_is_checked_and_any_is_taken_at_its_word) {
  EXPECT_TRUE(Expression("amount").bind(payments(), Type::boolean));
  EXPECT_EQ(Expression("count").bind(payments(), Type::float64)->suggestion, "convert it with double()");
  EXPECT_FALSE(Expression("amount > 1.0").bind(payments(), Type::boolean));
  EXPECT_FALSE(Expression("tags.flag").bind(payments(), Type::boolean));
}

TEST(Bind, a_closed_expression_needs_no_schema) {
  Expression expression("1 + 1");
  EXPECT_FALSE(expression.bind(nullptr));
  EXPECT_TRUE(Expression("amount").bind(nullptr));
}

TEST(Bind, only_a_plain_field_is_recognised_as_one) {
  Expression field("amount"), sum("amount + 0.0");
  ASSERT_FALSE(field.bind(payments()) || sum.bind(payments()));
  EXPECT_EQ(field.field_index(), 1u);
  EXPECT_FALSE(sum.field_index());
}

}  // namespace
}  // namespace leat
