#include "testing/row_diff.hpp"

#include <gtest/gtest.h>

#include <leat/codec.hpp>
#include <limits>

#include "topology/yaml_reader.hpp"

namespace leat {
namespace {

const SchemaPtr& schema() {
  static const SchemaPtr fields =
      Schema::make({{"k", Type::string, true}, {"x", Type::float64, true}, {"any", Type::any, true}});
  return fields;
}

TestRows rows(const std::string& text, bool partial) {
  Diagnostics diagnostics;
  TestRows list = read_rows(read_yaml(text, std::make_shared<const std::string>("t"), diagnostics), schema(),
                            partial, diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << text;
  return list;
}

std::string diff(const std::string& expected, const std::string& came, RowRule rule = {},
                 bool partial = true) {
  const RowDiff result = compare_rows(rows(expected, partial), rows(came, false).batch, rule);
  std::string text = result.equal ? "equal " : "";
  for (const std::string& line : result.lines) text += line + "|";
  return text;
}

TEST(RowDiff, in_order_shows_the_shortest_change) {
  EXPECT_EQ(diff("[{k: a}, {k: b}, {k: c}]", "[{k: a}, {k: b}, {k: c}]"),
            R"(equal   {"k":"a"}|  {"k":"b"}|  {"k":"c"}|)");
  EXPECT_EQ(diff("[{k: a}, {k: b}, {k: c}]", "[{k: b}, {k: x}, {k: c}]"),
            R"(- {"k":"a"}|  {"k":"b"}|+ {"k":"x"}|  {"k":"c"}|)");
  EXPECT_EQ(diff("[]", "[]"), "equal ");
  EXPECT_EQ(diff("[]", "[{k: a}]"), R"(+ {"k":"a","x":null,"any":null}|)");
  EXPECT_EQ(diff("[{k: a}]", "[]"), R"(- {"k":"a"}|)");
  EXPECT_EQ(diff("[{k: a}, {k: a}]", "[{k: a}]"), R"(  {"k":"a"}|- {"k":"a"}|)");
}

TEST(RowDiff, unordered_shows_only_differences) {
  EXPECT_EQ(diff("[{k: a}, {k: b}]", "[{k: b}, {k: a}]", {.unordered = true}), "equal ");
  EXPECT_EQ(diff("[{k: a}, {k: b}]", "[{k: b}, {k: b}]", {.unordered = true}), R"(- {"k":"a"}|+ {"k":"b"}|)");
}

TEST(RowDiff, unordered_finds_the_assignment_when_partial_rows_fit_several) {
  EXPECT_EQ(diff("[{k: a}, {k: a, x: 1}]", "[{k: a, x: 1}, {k: a, x: 2}]", {.unordered = true}), "equal ");
  EXPECT_EQ(diff("[{k: a}, {x: 1}, {k: a, x: 2}]", "[{k: a, x: 2}, {k: a, x: 1}, {k: b, x: 1}]",
                 {.unordered = true}),
            "equal ");
}

TEST(RowDiff, numbers_are_equal_exactly_or_within_what_is_said) {
  EXPECT_EQ(diff("[{x: 0.3}]", "[{x: 0.30000000000000004}]"), R"(- {"x":0.3}|+ {"x":0.30000000000000004}|)");
  EXPECT_EQ(diff("[{x: 0.3}]", "[{x: 0.30000000000000004}]", {.within = 1e-9}).substr(0, 5), "equal");
  EXPECT_EQ(diff("[{x: .nan}]", "[{x: .nan}]").substr(0, 5), "equal");
  EXPECT_NE(diff("[{x: .nan}]", "[{x: 1}]").substr(0, 5), "equal");
  EXPECT_NE(diff("[{x: null}]", "[{x: 0}]").substr(0, 5), "equal");
}

TEST(RowDiff, maps_in_any_values_have_no_order) {
  EXPECT_EQ(diff("[{any: {a: 1, b: {c: [1, {d: 'x,y}', e: 2}], f: '\"'}}}]",
                 "[{any: {b: {f: '\"', c: [1, {e: 2, d: 'x,y}'}]}, a: 1}}]")
                .substr(0, 5),
            "equal");
  EXPECT_NE(diff("[{any: [1, 2]}]", "[{any: [2, 1]}]").substr(0, 5), "equal");
  EXPECT_NE(diff("[{any: 1}]", "[{any: '1'}]").substr(0, 5), "equal");
}

TEST(RowDiff, whole_rows_compare_every_field) {
  EXPECT_NE(diff("[{k: a}]", "[{k: a, x: 1}]", {}, false).substr(0, 5), "equal");
  EXPECT_EQ(diff("[{k: a}]", "[{k: a}]", {}, false).substr(0, 5), "equal");
}

}  // namespace
}  // namespace leat
