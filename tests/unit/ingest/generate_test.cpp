#include <leat/testing.hpp>

namespace leat {
namespace {

using namespace std::chrono_literals;

std::string all_rows(const std::string& options, std::uint32_t rows_max) {
  ActorHarness generate("ingest.generate", options);
  EXPECT_EQ(generate.problems(), "");
  for (Produced::Next next = Produced::Next::more; next == Produced::Next::more;) {
    const Result<Produced> produced = generate.produce(rows_max);
    EXPECT_TRUE(produced);
    next = produced->next;
  }
  return generate.take();
}

TEST(Generate, makes_rows_from_expressions) {
  EXPECT_EQ(
      all_rows("{ count: 3, fields: { id: seq, odd: seq % 2 == 1, name: '\"n\" + string(seq)' } }", 100),
      "{\"id\":0,\"odd\":false,\"name\":\"n0\"}\n"
      "{\"id\":1,\"odd\":true,\"name\":\"n1\"}\n"
      "{\"id\":2,\"odd\":false,\"name\":\"n2\"}\n");
}

TEST(Generate, makes_the_same_rows_in_batches_of_any_size) {
  const std::string options = "{ count: 1000, seed: 7, time: { start: 2026-01-01T00:00:00Z, step: 1s } }";
  const std::string rows = all_rows(options, 1000);
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 1000);
  EXPECT_EQ(all_rows(options, 1), rows);
  EXPECT_EQ(all_rows(options, 77), rows);
  EXPECT_NE(all_rows("{ count: 1000, seed: 8, time: { start: 2026-01-01T00:00:00Z, step: 1s } }", 1000),
            rows);
}

TEST(Generate, draws_the_same_numbers_whichever_columns_are_used) {
  const std::string all = all_rows("{ count: 5, fields: { a: k2, b: r3, c: k4 } }", 100);
  const std::string one = all_rows("{ count: 5, fields: { a: k2 } }", 100);
  const std::string first = one.substr(0, one.find('}'));
  EXPECT_THAT(all, ::testing::StartsWith(first + ","));
}

TEST(Generate, gives_event_times_from_start_and_step) {
  EXPECT_EQ(
      all_rows("{ count: 2, fields: { at: time }, time: { start: 2026-01-01T00:00:00Z, step: 90s } }", 100),
      "{\"at\":\"2026-01-01T00:00:00Z\"}\n{\"at\":\"2026-01-01T00:01:30Z\"}\n");
}

TEST(Generate, goes_on_after_a_restart_as_if_there_had_been_none) {
  const std::string options = "{ count: 100, fields: { id: seq, k: k1 } }";
  ActorHarness generate("ingest.generate", options);
  ASSERT_TRUE(generate.produce(30));
  ASSERT_TRUE(generate.restart());
  ASSERT_TRUE(generate.produce(1));
  ASSERT_TRUE(generate.restart());
  ASSERT_TRUE(generate.produce_all());
  EXPECT_EQ(generate.take(), all_rows(options, 1000));
}

TEST(Generate, keeps_its_rate_and_catches_up) {
  ActorHarness generate("ingest.generate", "{ rate: 10/s, count: 100, fields: { id: seq } }");
  ASSERT_EQ(generate.problems(), "");
  const auto count = [&] {
    EXPECT_TRUE(generate.produce_all());
    const std::string rows = generate.take();
    return std::count(rows.begin(), rows.end(), '\n');
  };
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(count(), 0);
  const Result<Produced> idle = generate.produce();
  ASSERT_TRUE(idle);
  EXPECT_EQ(idle->next, Produced::Next::idle);
  EXPECT_EQ(idle->wait, 100ms);
  ASSERT_TRUE(generate.advance(100ms));
  EXPECT_EQ(count(), 1);
  ASSERT_TRUE(generate.advance(2s));
  EXPECT_EQ(count(), 20);
  ASSERT_TRUE(generate.restart());
  EXPECT_EQ(count(), 0);
  ASSERT_TRUE(generate.advance(1h));
  EXPECT_EQ(count(), 78);
  const Result<Produced> end = generate.produce();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->next, Produced::Next::end);
}

TEST(Generate, enters_rows_at_the_time_they_were_due) {
  ActorHarness generate("ingest.generate", "{ rate: 10/s, fields: { at: time } }");
  ASSERT_TRUE(generate.produce(1));
  const Time start = generate.take_batches().at(0).entered();
  ASSERT_TRUE(generate.advance(1s));
  ASSERT_TRUE(generate.produce(1));
  const Batch late = generate.take_batches().at(0);
  EXPECT_EQ(late.entered(), start + 100ms);
  EXPECT_EQ(Time(Duration(late.column(0).int64(0))), start + 100ms);
}

TEST(Generate, rejects_a_row_that_cannot_be_computed) {
  ActorHarness generate("ingest.generate",
                        "{ count: 3, fields: { a: '10 / (seq - 1)', b: '10 / (seq - 1)' } }");
  ASSERT_EQ(generate.problems(), "");
  ASSERT_TRUE(generate.produce_all());
  EXPECT_EQ(generate.take(), "{\"a\":-10,\"b\":-10}\n{\"a\":10,\"b\":10}\n");
  const std::string errors = generate.take("errors");
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1);
  EXPECT_THAT(errors, ::testing::HasSubstr("`fields.a`"));
}

TEST(Generate, makes_all_built_in_columns_without_fields) {
  ActorHarness generate("ingest.generate", "{ count: 1 }");
  EXPECT_EQ(generate.output_schema()->text(),
            "{ seq: int64, time: timestamp, r1: float64, r2: float64, r3: float64, r4: float64, k1: int64, "
            "k2: int64, "
            "k3: int64, k4: int64 }");
}

struct Problem {
  const char* options;
  const char* shown;
};

TEST(Generate, tells_problems_at_their_place) {
  for (const auto& [options, shown] :
       {Problem{"{ fields: { a: sqe } }", "did you mean `seq`?"}, Problem{"{ rate: fast }", "rate"},
        Problem{"{ time: { start: yesterday } }", "2026-01-01T00:00:00Z"},
        Problem{"{ sed: 1 }", "did you mean `seed`?"}, Problem{"{ fields: { a: r1 + k1 } }", "L030"}}) {
    const ActorHarness generate("ingest.generate", options);
    EXPECT_THAT(generate.problems(), ::testing::HasSubstr(shown)) << options;
  }
}

}  // namespace
}  // namespace leat
