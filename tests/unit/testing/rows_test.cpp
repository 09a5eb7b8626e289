#include "testing/rows.hpp"

#include <gtest/gtest.h>

#include "topology/yaml_reader.hpp"

namespace leat {
namespace {

ConfigNode yaml(const std::string& text) {
  Diagnostics diagnostics;
  ConfigNode node = read_yaml(text, std::make_shared<const std::string>("t.yaml"), diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << text;
  return node;
}

SchemaPtr all_types() {
  return Schema::make({{"b", Type::boolean, true},
                       {"i", Type::int64, true},
                       {"f", Type::float64, true},
                       {"s", Type::string, true},
                       {"x", Type::bytes, true},
                       {"t", Type::timestamp, true},
                       {"v", Type::float32_list, true},
                       {"a", Type::any, true}});
}

struct Value {
  std::string yaml;
  std::string row;  // as JSON; empty: refused
};

TEST(Rows, take_the_types_of_their_schema) {
  const Value values[] = {
      {"b: true", R"("b":true)"},
      {"b: yes", ""},
      {"b: 'true'", ""},
      {"i: -9223372036854775808", R"("i":-9223372036854775808)"},
      {"i: 9223372036854775808", ""},
      {"i: 1.0", ""},
      {"i: '1'", ""},
      {"f: 1", R"("f":1.0)"},
      {"f: -2.5e3", R"("f":-2500.0)"},
      {"f: nan", ""},
      {"f: .nan", R"("f":null)"},  // as JSON
      {"s: 10", R"("s":"10")"},
      {"s: ' a '", R"("s":" a ")"},
      {"s: [1]", ""},
      {"x: aGk=", R"("x":"aGk=")"},
      {"x: a", ""},
      {"t: 2026-01-01T00:00:00.5Z", R"("t":"2026-01-01T00:00:00.5Z")"},
      {"t: -1", R"("t":"1969-12-31T23:59:59.999999Z")"},
      {"t: 2026-01-01", ""},
      {"v: [1, 2.5]", R"("v":[1,2.5])"},
      {"v: [one]", ""},
      {"v: 1", ""},
      {"a: { k: [1, 2.0, text, '3', null, true] }", R"("a":{"k":[1,2.0,"text","3",null,true]})"},
      {"a: null", R"("a":null)"},
      {"i: null", R"("i":null)"},
  };
  for (const Value& value : values) {
    Diagnostics diagnostics;
    const TestRows rows = read_rows(yaml("[{ " + value.yaml + " }]"), all_types(), false, diagnostics);
    EXPECT_EQ(diagnostics.ok(), !value.row.empty()) << value.yaml;
    if (diagnostics.ok()) {
      EXPECT_NE(to_json_lines(rows.batch).find(value.row), std::string::npos)
          << value.yaml << " became " << to_json_lines(rows.batch);
    }
  }
}

TEST(Rows, that_are_partial_remember_which_fields_they_name) {
  const SchemaPtr schema = Schema::make({{"a", Type::int64, false}, {"b", Type::string, false}});
  Diagnostics diagnostics;
  const TestRows rows = read_rows(yaml("[{ b: x }, { a: 1 }, {}]"), schema, true, diagnostics);
  EXPECT_TRUE(diagnostics.ok());
  EXPECT_EQ(rows.named, (std::vector<std::vector<std::size_t>>{{1}, {0}, {}}));
  EXPECT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows.batch.row_count(), 3u);
}

}  // namespace
}  // namespace leat
