// Options: types, units, choices, typos; and expressions with their exact place.
#include "unit/topology/small_kinds.hpp"

namespace leat {
namespace {

using testing::said_about;

std::string said_about_sink(const std::string& option) {
  return said_about("  n: { kind: numbers }\n  s: { kind: sink, inputs: [n], " + option + " }\n");
}

struct Case {
  const char* option;
  const char* said;  ///< a part of it; empty: nothing is said
};

class Option : public ::testing::TestWithParam<Case> {};

TEST_P(Option, is_read_or_refused_where_it_stands) {
  const std::string said = said_about_sink(GetParam().option);
  if (*GetParam().said == '\0')
    EXPECT_EQ(said, "");
  else
    EXPECT_EQ(said.substr(0, std::string(GetParam().said).size()), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, Option,
    ::testing::Values(Case{"mode: safe", ""},
                      Case{"mode: saef", "5:39 L0106 `saef` is not one of fast, safe | did you mean `safe`?"},
                      Case{"mode: [safe]", "5:39 L01"}, Case{"limit: 64MiB", ""}, Case{"limit: 10kB", ""},
                      Case{"limit: 64", "5:40 L0106"}, Case{"limit: 64MB/s", "5:40 L0106"},
                      Case{"wait: 250ms", ""}, Case{"wait: 1h30m", ""}, Case{"wait: 250", "5:39 L0106"},
                      Case{"wait: '250ms'", ""}, Case{"wait: -5ms", "5:39 L0106"}, Case{"rate: 500/s", ""},
                      Case{"rate: 500", "5:39 L0106"}, Case{"instances: 4", ""},
                      Case{"instances: 0", "5:44 L0106 `instances` is 1 to 128"},
                      Case{"instances: 129", "5:44 L0106"}, Case{"instances: -1", "5:44 L0105"},
                      Case{"instances: '4'", "5:44 L0105"}, Case{"instances: 4294967297", "5:44 L0105"},
                      Case{"instances: 1.5", "5:44 L0105"}, Case{"fuse: false", ""},
                      Case{"fuse: no", "5:39 L0105 `no` is not true or false | write `false`"},
                      Case{"fuse: 'false'", "5:39 L0105"}, Case{"worker: disk", ""},
                      Case{"worker: My Disk", "5:41 L0203"},
                      Case{"wokrer: disk", "5:33 L0102 unknown key `wokrer` | did you mean `worker`?"},
                      Case{"event_time: { field: id }", "5:33 L0102 `event_time` belongs to sources"},
                      Case{"zebra: 1", "5:33 L0102 unknown key `zebra`\n"},
                      Case{"wait:", "5:33 L0105 expected a duration, found nothing"}));

TEST(Fields, misspelt_required_keys_are_said_once) {
  EXPECT_EQ(said_about("  n: { kind: numbers }\n  f: { kind: filter, inputs: [n], wehre: id > 1 }\n"),
            "5:35 L0102 unknown key `wehre` | did you mean `where`?\n");
  EXPECT_EQ(said_about("  n: { knd: numbers }\n"), "4:8 L0102 unknown key `knd` | did you mean `kind`?\n");
  EXPECT_EQ(said_about("  n: { count: 1 }\n"), "4:6 L0104 `kind` is missing: it says what the actor does\n");
  EXPECT_EQ(said_about("  n: { kind: numbers }\n  f:\n    kind: filter\n    inputs: [n]\n"),
            "5:3 L0104 `where` is missing: What to keep.\n");
}

struct Expressed {
  const char* filter;  ///< the lines of an actor, from line 5 on
  const char* said;
};

class InExpression : public ::testing::TestWithParam<Expressed> {};

TEST_P(InExpression, the_column_is_that_of_the_culprit) {
  const std::string said = said_about(std::string("  n: { kind: numbers }\n") + GetParam().filter);
  EXPECT_EQ(said.substr(0, said.find('\n')), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, InExpression,
    ::testing::Values(
        Expressed{"  f: { kind: filter, inputs: [n], where: id > 1 && nmae == 'x' }\n",
                  "5:52 L0302 no field named `nmae` | did you mean `name`?"},
        Expressed{"  f: { kind: filter, inputs: [n], where: \"name == \\\"x\\\" && idd > 1\" }\n",
                  "5:60 L0302 no field named `idd` | did you mean `id`?"},
        Expressed{"  f: { kind: filter, inputs: [n], where: 'name == ''x'' && idd > 1' }\n",
                  "5:60 L0302 no field named `idd` | did you mean `id`?"},
        Expressed{"  f:\n    kind: filter\n    inputs: [n]\n    where: |\n      id > 1 &&\n        idd > 1\n",
                  "10:9 L0302 no field named `idd` | did you mean `id`?"},
        Expressed{"  f:\n    kind: filter\n    inputs: [n]\n    where: >-\n      id > 1\n      && idd > 1\n",
                  "10:10 L0302 no field named `idd` | did you mean `id`?"},
        Expressed{"  f: { kind: filter, inputs: [n], where: name.sizee() > 1 }\n",
                  "5:47 L0304 no function named `sizee` | did you mean `size`?"}));

TEST(Fields, expressions_have_the_type_that_the_option_wants) {
  const std::string said =
      said_about("  n: { kind: numbers }\n  f: { kind: filter, inputs: [n], where: id + 1 }\n");
  EXPECT_NE(said.find("L0303"), std::string::npos) << said;
  EXPECT_NE(
      said_about("  n: { kind: numbers }\n  f: { kind: filter, inputs: [n], where: '' }\n").find("is empty"),
      std::string::npos);
}

}  // namespace
}  // namespace leat
