#include <gtest/gtest.h>

#include <leat/result.hpp>

namespace leat {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Code::bad_value, "odd", "here");
  return number / 2;
}

Result<int> quarter(int number) {
  LEAT_TRY_ASSIGN(const int first, half(number));
  LEAT_TRY_ASSIGN(const int second, half(first));
  return second;
}

Status check(int number) {
  LEAT_TRY(half(number));
  return {};
}

TEST(Result, errors_pass_through_the_macros_unchanged) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().code, Code::bad_value);
  EXPECT_TRUE(check(2));
  EXPECT_EQ(check(1).error().message, "odd");
}

TEST(Result, an_error_prints_place_message_and_number) {
  EXPECT_EQ(half(1).error().text(), "here: odd (L0106)");
  EXPECT_EQ((Error{Code::internal, "odd", ""}.text()), "odd (L0902)");
}

TEST(ResultDeathTest, an_assertion_names_condition_and_file) {
  EXPECT_DEATH(LEAT_ASSERT(1 == 2), "1 == 2.*result_test.cpp");
}

}  // namespace
}  // namespace leat
