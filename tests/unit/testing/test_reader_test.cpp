// Bad tests are answered as bad topologies are: with the place, and the right word.
#include "testing_fixture.hpp"

namespace leat::testingtest {
namespace {

struct Case {
  std::string tests;
  std::string problems;
};

class TestReader : public ::testing::TestWithParam<Case> {};

TEST_P(TestReader, answers_mistakes_with_their_place) {
  EXPECT_EQ(Tested(GetParam().tests).problems(), GetParam().problems);
}

const std::string kExpect = "      - { expect: sums, rows: [] }\n";

INSTANTIATE_TEST_SUITE_P(
    Mistakes, TestReader,
    ::testing::Values(
        Case{"  - name: good\n    steps:\n" + kExpect, ""},
        Case{"  - nmae: a\n    steps:\n" + kExpect, "2:5 L0102 unknown key `nmae` | did you mean `name`?\n"},
        Case{"  - name: a\n", "2:5 L0104 `steps` is missing: What happens, in order.\n"},
        Case{"  - name: a\n    steps:\n" + kExpect + "  - name: a\n    steps:\n" + kExpect,
             "5:11 L0103 an earlier test has this name\n"},
        Case{"  - name: a\n    steps: []\n",
             "3:12 L0104 this test expects nothing | end it with `- expect: ACTOR` and "
             "`rows:`\n"},
        Case{
            "  - name: a\n    start: noon\n    steps:\n" + kExpect,
            "3:12 L0106 `noon` is not a time; write 2026-11-21T04:50:00Z, years 0001 to 9999, with a zone\n"},
        Case{"  - name: a\n    start: 2500-01-01T00:00:00Z\n    steps:\n" + kExpect,
             "3:12 L0106 the clock shows times from 1970 to 2149\n"},
        Case{"  - name: a\n    steps:\n      - { emti: numbers, rows: [] }\n" + kExpect,
             "4:11 L0102 unknown key `emti` | did you mean `emit`?\n"},
        Case{"  - name: a\n    steps:\n      - { emit: nubmers, rows: [] }\n" + kExpect,
             "4:17 L0204 no actor named `nubmers` | did you mean `numbers`?\n"},
        Case{"  - name: a\n    steps:\n      - { emit: sums.lat, rows: [] }\n      - { expect: passed, rows: "
             "[] }\n",
             "4:17 L0205 `sums` has no port `lat` | did you mean `sums.late`?\n"},
        Case{"  - name: a\n    steps:\n      - { feed: numbers, rows: [] }\n" + kExpect,
             "4:17 L0106 `numbers` is a source and has no inputs | write `emit: numbers`\n"},
        Case{"  - name: a\n    steps:\n      - { feed: sums.on, rows: [] }\n" + kExpect,
             "4:17 L0205 `sums` has no input `on` | did you mean `sums.in`?\n"},
        Case{"  - name: a\n    steps:\n      - { expect: sink, rows: [] }\n",
             "4:19 L0205 `sink` is a sink and sends nothing on\n"},
        Case{"  - name: a\n    steps:\n      - { emit: numbers, rows: [{ noet: 1, n: 1, time: 0 }] }\n" +
                 kExpect,
             "4:35 L0302 no field named `noet` | did you mean `note`?\n"},
        Case{"  - name: a\n    steps:\n      - { emit: numbers, rows: [{ n: one, time: noon }] }\n" + kExpect,
             "4:38 L0105 `n` is int64; this is not an integer\n"
             "4:49 L0105 `time` is timestamp; this is not a time, such as 2026-01-01T00:00:00Z, or integer "
             "microseconds\n"},
        Case{"  - name: a\n    steps:\n      - { emit: numbers, rows: [{ n: 1 }] }\n" + kExpect,
             "4:33 L0503 `time` is missing, and its type, timestamp, has no null\n"},
        Case{"  - name: a\n    steps:\n      - { emit: numbers, rows: [{ n: null, time: 0 }] }\n" + kExpect,
             "4:38 L0503 `n` is null, and its type, int64, has no null\n"},
        Case{"  - name: a\n    steps:\n      - { emit: numbers, advance: 1s }\n" + kExpect,
             "4:26 L0106 `emit` and `advance` are two steps; write them as two\n"},
        Case{"  - name: a\n    steps:\n      - { advance: 1s, rows: [] }\n" + kExpect,
             "4:24 L0102 `rows` does not belong to `advance`\n"},
        Case{"  - name: a\n    steps:\n      - { advance: 10 }\n" + kExpect,
             "4:20 L0106 `10` is not a duration; write a number and a unit, like 250ms, 5s, 1m, 2h or "
             "1h30m\n"},
        Case{"  - name: a\n    steps:\n      - { unordered: true }\n" + kExpect,
             "4:9 L0104 a step is one of `emit`, `feed`, `advance`, `watermark`, `end` and `expect`\n"},
        Case{"  - name: a\n    steps:\n      - { expect: sums }\n",
             "4:19 L0106 `expect` needs one of `rows`, `partial` and `count`\n"},
        Case{"  - name: a\n    steps:\n      - { end: passed }\n" + kExpect,
             "4:16 L0106 no step feeds `passed`, so the test does not own its time | add `- emit: passed` "
             "with `rows: "
             "[]`\n"},
        Case{"  - name: a\n    run: [snik]\n    steps:\n" + kExpect,
             "3:11 L0204 no actor named `snik` | did you mean `sink`?\n"},
        Case{"  - name: a\n    stub: { numbers: {} }\n    steps:\n" + kExpect,
             "3:13 L0106 `numbers` is a source and has nothing to answer\n"},
        Case{"  - name: a\n    stub: { passed: {} }\n    steps:\n      - { emit: passed, rows: [] }\n" +
                 kExpect,
             "5:17 L0106 `emit` replaces `passed`, so it can't be a stub in the same test\n"},
        Case{"  - name: a\n    stub: { sums: { replay: {} } }\n    steps:\n" + kExpect,
             "3:21 L0102 unknown key `replay` | did you mean `reply`?\n"},
        Case{"  - name: a\n    stub: { sums: {} }\n    steps:\n" + kExpect,
             "3:13 L0503 the reply lacks end, sum, which the rows that come do not have\n"},
        Case{"  - name: a\n    stub: { sums: { reply: { end: tiem, sum: n } } }\n    steps:\n" + kExpect,
             "3:35 L0302 no field named `tiem` | did you mean `time`?\n"},
        Case{"  - name: a\n    stub: { passed: { reply: { n: '1.5' } } }\n    steps:\n" + kExpect,
             "3:36 L0303 this is float64, expected int64\n"},
        Case{"  - name: a\n    stub: { sums: { port: lat } }\n    steps:\n" + kExpect,
             "3:27 L0205 `sums` has no port `lat` for replies | did you mean `late`?\n"},
        Case{"  - name: a\n    stub: { passed: { fail: { code: unreachabel } } }\n    steps:\n" + kExpect,
             "3:37 L0106 no code named `unreachabel` | did you mean `unreachable`?\n"}));

TEST(TestReaderFile, tests_may_stand_in_a_file_of_their_own) {
  leat::testing::TempFolder folder;
  std::string text = kTopology;
  const std::string file = folder.write("topology.yaml", text + "tests: checks.yaml\n");
  Registry registry;
  register_standard_actors(registry);
  registry.add<Sums>();
  registry.add<Offload>();
  registry.add<Untouchable>();
  Diagnostics diagnostics;
  LoadOptions options;
  options.defer_missing = true;
  const auto topology = load_topology(file, registry, diagnostics, options);
  ASSERT_TRUE(topology) << render(diagnostics, false);
  EXPECT_TRUE(read_tests(*topology, diagnostics).empty());
  EXPECT_THAT(render(diagnostics, false), ::testing::HasSubstr("no file "));
  folder.write("checks.yaml", "- name: a\n  steps:\n    - { expect: smus, rows: [] }\n");
  Diagnostics again;
  read_tests(*topology, again);
  EXPECT_THAT(render(again, false),
              ::testing::HasSubstr("checks.yaml:3:17  error L0204  no actor named `smus`"));
  folder.write("checks.yaml", "- name: a\n  steps:\n    - { expect: sums, rows: [] }\n");
  Diagnostics good;
  EXPECT_EQ(read_tests(*topology, good).size(), 1u);
  EXPECT_TRUE(good.ok());
}

}  // namespace
}  // namespace leat::testingtest
