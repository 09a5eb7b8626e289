#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <leat/expression.hpp>

namespace leat {
namespace {

struct Example {
  std::string expression;
  std::string expected;  // JSON, or "! part of the error"
};

std::vector<Example> examples_of_the_page() {
  std::ifstream page(std::string(std::getenv("LEAT_SOURCE_DIR")) + "/docs/expressions.md");
  std::vector<Example> examples;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line == "<!-- examples -->") inside = true;
    if (line == "<!-- end -->") inside = false;
    const std::size_t arrow = line.rfind(" => ");
    if (inside && arrow != std::string::npos)
      examples.push_back({line.substr(0, arrow), line.substr(arrow + 4)});
  }
  return examples;
}

TEST(ExpressionsPage, every_example_gives_what_the_page_says) {
  const auto examples = examples_of_the_page();
  ASSERT_GT(examples.size(), 140u);
  for (const Example& example : examples) {
    SCOPED_TRACE(example.expression);
    const Result<std::string> value = evaluate_json(example.expression, "");
    if (example.expected.starts_with("! ")) {
      if (value) {
        ADD_FAILURE() << "no error, but " << *value;
      } else {
        EXPECT_NE(value.error().message.find(example.expected.substr(2)), std::string::npos)
            << value.error().message;
      }
    } else if (!value) {
      ADD_FAILURE() << value.error().text();
    } else {
      EXPECT_EQ(*value, example.expected);
    }
  }
}

TEST(EvaluateJson, an_events_members_are_variables) {
  const std::string event = R"({"a": 1, "b": {"c": [1.5, "x"]}, "n": null, "big": 18446744073709551615})";
  const std::pair<const char*, const char*> cases[] = {
      {"a + 1", "2"},         {"b.c[1]", "\"x\""},   {"b.c[0] + 1.0", "2.5"},
      {"has(b.c)", "true"},   {"has(b.d)", "false"}, {"has(a)", "true"},
      {"has(n)", "false"},    {"n == null", "true"}, {"b", R"({"c":[1.5,"x"]})"},
      {"\"c\" in b", "true"}, {"big > 1.0", "true"}, {"a == 1 || missing == 2", "true"},
  };
  for (const auto& [expression, expected] : cases) {
    const Result<std::string> value = evaluate_json(expression, event);
    ASSERT_TRUE(value) << expression << ": " << value.error().text();
    EXPECT_EQ(*value, expected) << expression;
  }
}

TEST(EvaluateJson, errors_say_where_and_why) {
  EXPECT_NE(evaluate_json("a +", R"({"a": 1})").error().place.find("column 4"), std::string::npos);
  EXPECT_NE(evaluate_json("missing", R"({"a": 1})").error().message.find("no field `missing`"),
            std::string::npos);
  EXPECT_NE(evaluate_json("a", "[1]").error().message.find("not a JSON object"), std::string::npos);
  EXPECT_NE(evaluate_json("a", "{").error().message.find("not"), std::string::npos);
}

TEST(EvaluateJson, nesting_and_length_are_bounded) {
  const auto times = [](std::size_t count, char character) {
    std::string text;
    text.resize(count, character);
    return text;
  };
  const auto message = [](const std::string& text) { return evaluate_json(text, "").error().message; };
  EXPECT_NE(message(fmt::format("{}1{}", times(5000, '('), times(5000, ')'))).find("deeper than 100"),
            std::string::npos);
  EXPECT_NE(message(fmt::format("{}true", times(5000, '!'))).find("deeper than 100"), std::string::npos);
  EXPECT_NE(message(fmt::format("{}1", times(70'000, ' '))).find("64 KiB"), std::string::npos);
}

}  // namespace
}  // namespace leat
