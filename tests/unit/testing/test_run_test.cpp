#include "testing_fixture.hpp"

namespace leat::testingtest {
namespace {

TEST(TestRun, rows_emitted_by_a_source_move_the_watermark_as_the_source_would) {
  EXPECT_EQ(Tested(R"(
  - name: a window closes one minute of disorder after its end
    steps:
      - emit: numbers
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }, { n: 2, time: 2026-01-01T00:50:00Z }]
      - expect: sums
        rows: []
      - emit: numbers
        rows: [{ n: 5, time: 2026-01-01T01:01:00Z }]
      - expect: sums
        rows: []
      - emit: numbers
        rows: [{ n: 5, time: 2026-01-01T01:01:00.000001Z }]
      - expect: sums
        rows: [{ end: 2026-01-01T01:00:00Z, sum: 3 }]
      - emit: numbers
        rows: [{ n: 7, time: 2026-01-01T00:59:00Z, note: too late }]
      - expect: sums.late
        rows: [{ n: 7, time: 2026-01-01T00:59:00Z, note: too late }]
      - end:
      - expect: sums
        rows: [{ end: 2026-01-01T02:00:00Z, sum: 10 }]
)")
                .run(),
            "ok");
}

TEST(TestRun, rows_fed_in_the_middle_move_the_watermark_by_the_rule_of_the_source_before) {
  EXPECT_EQ(Tested(R"(
  - name: fed
    steps:
      - feed: sums
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - feed: sums.in
        rows: [{ n: 1, time: 2026-01-01T01:02:00Z }]
      - expect: sums
        partial: [{ sum: 1 }]
  - name: emitted
    steps:
      - emit: passed
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - emit: passed
        rows: [{ n: 1, time: 2026-01-01T01:02:00Z }]
      - expect: sums
        partial: [{ sum: 1 }]
)")
                .run(),
            "ok");
}

TEST(TestRun, watermarks_and_ends_can_be_given) {
  EXPECT_EQ(Tested(R"(
  - name: a watermark
    steps:
      - emit: passed
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - watermark: 2026-01-01T01:00:00Z
      - expect: sums
        count: 1
      - watermark: { passed: 2026-01-01T00:00:00Z }
      - emit: passed
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - expect: sums.late
        count: 1
  - name: an end
    steps:
      - emit: passed
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - end: passed
      - expect: sums
        count: 1
  - name: nothing comes behind an end
    steps:
      - emit: passed
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - end: [passed]
      - emit: passed
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - expect: sums
        count: 2
)")
                .run(),
            "27: its stream has ended already\n");
}

TEST(TestRun, a_day_of_event_time_takes_a_moment) {
  const Instant begin = system_clock().steady();
  EXPECT_EQ(Tested(R"(
  - name: a day
    steps:
      - emit: numbers
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - advance: 24h
      - emit: numbers
        rows: [{ n: 2, time: 2026-01-02T00:10:00Z }]
      - expect: sums
        rows: [{ end: 2026-01-01T01:00:00Z, sum: 1 }]
)")
                .run(),
            "ok");
  EXPECT_LT(system_clock().steady() - begin, std::chrono::seconds(5));
}

TEST(TestRun, the_clock_has_an_end) {
  EXPECT_EQ(Tested(R"(
  - name: too far
    steps:
      - emit: numbers
        rows: []
      - advance: 70000d
      - expect: passed
        rows: []
  - name: far
    stub: { passed: {} }
    steps:
      - emit: numbers
        rows: [{ n: 1, time: 0 }]
      - advance: 40000d
      - expect: passed
        count: 1
)")
                .run(),
            "7: the clock can't go so far; it ends in 2149 (L0502)\n");
}

TEST(TestRun, failures_show_what_is_missing_and_what_came_instead_with_its_line) {
  EXPECT_EQ(Tested(R"(
  - name: wrong
    steps:
      - emit: passed
        rows:
          - { n: 1, time: 2026-01-01T00:10:00Z }
          - { n: 2, time: 2026-01-01T01:10:00Z }
      - end:
      - expect: sums
        rows: [{ end: 2026-01-01T01:00:00Z, sum: 1 }, { end: 2026-01-01T02:00:00Z, sum: 3 }]
  - name: partly wrong
    steps:
      - emit: passed
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - expect: passed
        partial: [{ note: x }]
)")
                .run(),
            "10: `sums.out`: 2 rows expected, 2 came\n"
            "  {\"end\":\"2026-01-01T01:00:00Z\",\"sum\":1}\n"
            "- {\"end\":\"2026-01-01T02:00:00Z\",\"sum\":3}\n"
            "+ {\"end\":\"2026-01-01T02:00:00Z\",\"sum\":2}\n"
            "16: `passed.out`: 1 row expected, 1 came\n"
            "- {\"note\":\"x\"}\n"
            "+ {\"note\":null}\n");
}

TEST(TestRun, rows_behind_the_last_expectation_are_a_failure) {
  EXPECT_EQ(Tested(R"(
  - name: more than it looks at
    steps:
      - expect: passed
        rows: []
      - emit: numbers
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
)")
                .run(),
            "5: `passed.out`: 1 row more came after this, the last expectation of it\n"
            "+ {\"n\":1,\"time\":\"2026-01-01T00:10:00Z\",\"note\":null}\n");
}

TEST(TestRun, rejected_rows_are_seen_at_errors) {
  EXPECT_EQ(Tested(R"(
  - name: negative numbers are refused
    steps:
      - emit: numbers
        rows: [{ n: -1, time: 2026-01-01T00:10:00Z }, { n: 1, time: 2026-01-01T00:11:00Z }]
      - expect: passed
        partial: [{ n: 1 }]
      - expect: passed.errors
        partial: [{ actor: passed, code: out_of_range, record: { time: "2026-01-01T00:10:00Z", note: null, n: -1 } }]
)")
                .run(),
            "ok");
}

TEST(TestRun, an_actor_that_fails_ends_the_test_with_its_words) {
  const std::string said = Tested(R"(
  - name: full
    steps:
      - emit: numbers
        rows: [{ n: 666, time: 2026-01-01T00:10:00Z }]
      - expect: passed
        rows: []
)")
                               .run();
  EXPECT_EQ(said, "5: passed: no space left (L0702)\n");
}

TEST(TestRun, stubs_reply_by_expression_by_rows_late_or_with_errors) {
  EXPECT_EQ(Tested(R"(
  - name: fields by expression, others from the row
    stub: { passed: { reply: { n: n * 2 } } }
    steps:
      - emit: numbers
        rows: [{ n: 4, time: 2026-01-01T00:10:00Z, note: a }]
      - expect: passed
        rows: [{ n: 8, time: 2026-01-01T00:10:00Z, note: a }]
  - name: rows, the last one for all further ones
    stub: { sums: { reply: [{ end: 0, sum: 1 }, { end: 0, sum: 2 }] } }
    steps:
      - feed: sums
        rows: [{ n: 4, time: 0 }, { n: 4, time: 0 }, { n: 4, time: 0 }]
      - expect: sums
        rows: [{ end: 0, sum: 1 }, { end: 0, sum: 2 }, { end: 0, sum: 2 }]
  - name: late
    stub: { passed: { delay: 5s } }
    steps:
      - emit: numbers
        rows: [{ n: 1, time: 0 }]
      - advance: 3s
      - emit: numbers
        rows: [{ n: 2, time: 0 }]
      - advance: 1999999us
      - expect: passed
        rows: []
      - advance: 1us
      - expect: passed
        partial: [{ n: 1 }]
      - advance: 3s
      - expect: passed
        partial: [{ n: 2 }]
  - name: failing
    stub: { passed: { fail: { code: unreachable, message: no answer, where: n > 1 } } }
    steps:
      - emit: numbers
        rows: [{ n: 1, time: 0 }, { n: 2, time: 0 }]
      - expect: passed
        partial: [{ n: 1 }]
      - expect: passed.errors
        partial: [{ code: unreachable, message: no answer }]
  - name: a stub on another port, and one that takes everything in
    stub:
      sums: { port: late }
      sink:
    run: [sink]
    steps:
      - feed: sums
        rows: [{ n: 4, time: 0 }]
      - expect: sums.late
        count: 1
)")
                .run(),
            "ok");
}

TEST(TestRun, an_idle_source_no_longer_holds_others_back) {
  EXPECT_EQ(Tested(R"(
  - name: idle
    steps:
      - emit: a
        rows: [{ n: 1, time: 2026-01-01T00:10:00Z }]
      - emit: b
        rows: [{ n: 1, time: 2026-01-01T02:10:00Z }]
      - expect: sums
        rows: []
      - advance: 5m
      - emit: b
        rows: [{ n: 1, time: 2026-01-01T02:20:00Z }]
      - advance: 5m
      - expect: sums
        rows: [{ end: 2026-01-01T01:00:00Z, sum: 1 }]
      - emit: a
        rows: [{ n: 9, time: 2026-01-01T02:00:00Z }]
      - expect: sums
        rows: []
)",
                   R"(topology: sums
delivery: best_effort
schemas: { number: { n: int64, time: timestamp } }
actors:
  a: { kind: ingest.file, path: absent.jsonl, schema: number, event_time: { field: time, idle_after: 10m } }
  b: { kind: ingest.file, path: absent.jsonl, schema: number, event_time: { field: time, idle_after: 10m } }
  sums: { kind: test.sums, inputs: [a, b], discard: [late] }
  sink: { kind: test.untouchable, inputs: [sums] }
)")
                .run(),
            "ok");
}

TEST(TestRun, each_input_of_an_actor_can_be_fed_apart) {
  EXPECT_EQ(Tested(R"(
  - name: left and right
    steps:
      - feed: merged.left
        rows: [{ n: 1, time: 0 }]
      - feed: merged.right
        rows: [{ n: 2, time: 0 }]
      - expect: merged
        partial: [{ n: 2 }, { n: 1 }]
        unordered: true
  - name: left, while right runs for real
    steps:
      - feed: merged.left
        rows: [{ n: 1, time: 0 }]
      - expect: merged
        count: 3
)",
                   R"(topology: sums
delivery: best_effort
schemas: { number: { n: int64, time: timestamp } }
actors:
  a: { kind: ingest.file, path: absent.jsonl, schema: number }
  b: { kind: ingest.generate, count: 2, fields: { n: seq, time: time } }

  merged: { kind: test.merge, inputs: { left: [a], right: [b] } }
  sink: { kind: publish.file, inputs: [merged], path: "-" }
)")
                .run(),
            "ok");
}

TEST(TestRun, instances_and_keys_work_as_in_a_run) {
  EXPECT_EQ(Tested(R"(
  - name: four of them
    steps:
      - emit: numbers
        rows: [{ n: 1, time: 0 }, { n: 2, time: 0 }, { n: 3, time: 0 }, { n: 1, time: 0 }, { n: 2, time: 0 }]
      - end:
      - expect: sums
        unordered: true
        partial: [{ sum: 4 }, { sum: 2 }, { sum: 3 }]
)",
                   R"(topology: sums
delivery: best_effort
schemas: { number: { n: int64, time: timestamp } }
actors:
  numbers: { kind: ingest.file, path: absent.jsonl, schema: number, event_time: { field: time } }
  sums: { kind: test.sums, inputs: [{ from: numbers, key: n }], instances: 128, discard: [late] }

  sink: { kind: test.untouchable, inputs: [sums] }
)")
                .run(),
            "ok");
}

TEST(TestRun, what_sinks_write_stands_in_a_folder_of_the_test) {
  Tested tested(R"(
  - name: written
    run: [sink]
    steps:
      - emit: numbers
        rows: [{ n: 1 }]
      - expect: numbers
        rows: [{ n: 1 }]
)",
                R"(topology: sums
delivery: best_effort
schemas: { number: { n: int64 } }
actors:
  numbers: { kind: ingest.file, path: absent.jsonl, schema: number }
  sink: { kind: publish.file, inputs: [numbers], path: out/rows.jsonl }


)");
  EXPECT_EQ(tested.run(), "ok");
  EXPECT_TRUE(std::filesystem::exists(tested.path("written/out/rows.jsonl")));
  EXPECT_FALSE(std::filesystem::exists(tested.path("out")));
}

TEST(TestRun, a_source_that_runs_for_real_needs_its_file_and_must_come_to_rest) {
  EXPECT_THAT(Tested(R"(
  - name: nobody replaces the source
    steps:
      - expect: passed
        rows: []
)")
                  .run(),
              ::testing::StartsWith("3: `numbers` runs in this test and can't: no file "));
  EXPECT_THAT(Tested(R"(
  - name: without end
    steps:
      - expect: endless
        rows: []
)",
                     R"(topology: sums
delivery: best_effort
actors:
  endless: { kind: ingest.generate, fields: { n: seq } }
  sink: { kind: publish.file, inputs: [{ from: endless, queue: { max: 2 rows } }], path: "-" }




)")
                  .run(),
              ::testing::HasSubstr("never comes to rest"));
}

}  // namespace
}  // namespace leat::testingtest
