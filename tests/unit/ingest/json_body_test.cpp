#include "ingest/json_body.hpp"

#include <gmock/gmock.h>

namespace leat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(JsonBody, is_one_object_an_array_of_them_or_one_after_the_other) {
  struct {
    const char* body;
    std::vector<std::string_view> rows;
  } const cases[] = {
      {"{}", {"{}"}},
      {" \r\n{\"a\": 1}\t\n", {"{\"a\": 1}"}},
      {"{\n  \"a\": {\n    \"b\": [1, {}]\n  }\n}\n", {"{\n  \"a\": {\n    \"b\": [1, {}]\n  }\n}"}},
      {"{\"a\":1}\n{\"a\":2}\n", {"{\"a\":1}", "{\"a\":2}"}},
      {"{\"a\":1}\n\n\r\n{\"a\":2}", {"{\"a\":1}", "{\"a\":2}"}},
      {"[]", {}},
      {"[ ]\n", {}},
      {"[{\"a\":1}]", {"{\"a\":1}"}},
      {"[ {\"a\":1} , {\"a\":[2]} ]\n", {"{\"a\":1}", "{\"a\":[2]}"}},
      {R"([{"a":"}]{[\"\\"},{"b":"\\\""}])", {R"({"a":"}]{[\"\\"})", R"({"b":"\\\""})"}},
  };
  for (const auto& one : cases) {
    const JsonBody body = JsonBody::cut(one.body, 100);
    EXPECT_TRUE(body.problem) << one.body << ": " << body.problem.error().message;
    EXPECT_EQ(body.rows, one.rows) << one.body;
  }
}

TEST(JsonBody, says_what_is_wrong_behind_the_rows_that_are_cut) {
  struct {
    const char* body;
    std::size_t rows;
    const char* problem;
  } const cases[] = {
      {"", 0, "empty"},
      {" \n", 0, "empty"},
      {"1", 0, "not a JSON object: `1`"},
      {"null", 0, "not a JSON object"},
      {"\"{}\"", 0, "not a JSON object"},
      {"{\"a\":1", 0, "does not end"},
      {"{\"a\":\"}", 0, "does not end"},
      {"{\"a\":\"\\", 0, "does not end"},
      {"{\"a\":1}\n{\"a\":", 1, "does not end"},
      {"{}}", 1, "not a JSON object: `}`"},
      {"[", 0, "missing"},
      {"[{}", 1, "a comma or `]`"},
      {"[{} {}]", 1, "a comma or `]`"},
      {"[{},]", 1, "not a JSON object: `]`"},
      {"[,{}]", 0, "not a JSON object"},
      {"[{}]]", 1, "more text"},
      {"[] {}", 0, "more text"},
      {"[{}]{}", 1, "more text"},
      {"[[{}]]", 0, "not a JSON object"},
  };
  for (const auto& one : cases) {
    const JsonBody body = JsonBody::cut(one.body, 100);
    ASSERT_FALSE(body.problem) << one.body;
    EXPECT_EQ(body.rows.size(), one.rows) << one.body;
    EXPECT_THAT(body.problem.error().message, HasSubstr(one.problem)) << one.body;
  }
}

TEST(JsonBody, has_at_most_so_many_rows) {
  EXPECT_TRUE(JsonBody::cut("[{},{}]", 2).problem);
  EXPECT_EQ(JsonBody::cut("[{},{},{}]", 2).problem.error().code, Code::too_large);
  EXPECT_EQ(JsonBody::cut("{}\n{}\n{}", 2).problem.error().code, Code::too_large);
}

}  // namespace
}  // namespace leat
