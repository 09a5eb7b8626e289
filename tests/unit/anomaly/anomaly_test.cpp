#include <fmt/format.h>
#include <gmock/gmock.h>

#include <leat/testing.hpp>

namespace leat {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kSchema = "{ key: 'string?', at: timestamp, x: 'float64?', n: int64 }";

std::string row(const std::string& key, double x, int at = 0) {
  return fmt::format(R"({{"key":"{}","at":{},"x":{},"n":1}})"
                     "\n",
                     key, at, x);
}

/// One JSON line per row, without what the input had.
std::string answers(const std::string& lines) {
  std::string text;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    const std::string line = lines.substr(at, end - at);
    text += line.substr(line.find(R"("n":)") + 6) + "\n";
    at = end + 1;
  }
  return text;
}

TEST(Anomaly, a_row_far_from_its_key_is_flagged_with_its_score) {
  ActorHarness actor("anomaly", "{ method: zscore, key: key, features: { x: x }, warm_up: 3, threshold: 3 }",
                     kSchema);
  ASSERT_EQ(actor.problems(), "");
  for (const double x : {1.0, 2.0, 3.0}) ASSERT_TRUE(actor.feed(row("a", x)).has_value());
  EXPECT_EQ(answers(actor.take()),
            "\"anomaly_score\":null,\"anomaly_flag\":false}\n"
            "\"anomaly_score\":null,\"anomaly_flag\":false}\n"
            "\"anomaly_score\":null,\"anomaly_flag\":false}\n");
  ASSERT_TRUE(actor.feed(row("a", 2.0) + row("b", 9) + row("a", 6.0)).has_value());
  EXPECT_EQ(answers(actor.take()),
            "\"anomaly_score\":0.0,\"anomaly_flag\":false}\n"
            "\"anomaly_score\":null,\"anomaly_flag\":false}\n"
            "\"anomaly_score\":4.898979485566356,\"anomaly_flag\":true}\n");
}

TEST(Anomaly, columns_are_those_that_were_asked_for) {
  const auto columns = [](const std::string& options) {
    ActorHarness actor("anomaly", options, kSchema);
    EXPECT_EQ(actor.problems(), "");
    return actor.output_schema()->text();
  };
  EXPECT_THAT(columns("{ features: { x: x } }"), HasSubstr("n: int64, anomaly_score: float64? }"));
  EXPECT_THAT(columns("{ features: { x: x, n: n > 3 }, quantile: 0.9, out: odd }"),
              HasSubstr("n: int64, odd_score: float64?, odd_flag: bool, odd_cause: string? }"));
}

TEST(Anomaly, several_features_name_the_one_that_deviates_most) {
  ActorHarness actor("anomaly", "{ method: zscore, features: { x: x, half: n }, warm_up: 2 }", kSchema);
  ASSERT_TRUE(actor.feed(row("a", 1) + row("a", 2) + row("a", 9)).has_value());
  EXPECT_THAT(answers(actor.take()), HasSubstr(R"("anomaly_cause":"x")"));
}

TEST(Anomaly, a_quantile_flags_what_lies_beyond_the_scores_before) {
  ActorHarness actor(
      "anomaly", "{ method: zscore, features: { x: x }, warm_up: 2, quantile: 0.9, recent: 10 }", kSchema);
  std::string rows;
  for (int at = 0; at < 30; ++at) rows += row("a", at % 3);
  ASSERT_TRUE(actor.feed(rows).has_value());
  actor.take();
  ASSERT_TRUE(actor.feed(row("a", 50) + row("a", 1)).has_value());
  const std::string got = answers(actor.take());
  EXPECT_THAT(got, HasSubstr("\"anomaly_flag\":true}\n\"anomaly_score\":"));
  EXPECT_THAT(got, HasSubstr("\"anomaly_flag\":false}\n"));
}

TEST(Anomaly, what_is_flagged_can_be_kept_out_of_the_history) {
  for (const bool all : {true, false}) {
    ActorHarness actor("anomaly",
                       fmt::format("{{ method: zscore, window: 10, features: {{ x: x }}, warm_up: 10, "
                                   "threshold: 4, learn: {} }}",
                                   all ? "all" : "unflagged"),
                       kSchema);
    std::string rows;
    for (int at = 0; at < 20; ++at) rows += row("a", at % 2);
    for (int at = 0; at < 20; ++at) rows += row("a", 100 + at % 2);
    ASSERT_TRUE(actor.feed(rows).has_value());
    actor.take();
    ASSERT_TRUE(actor.feed(row("a", 100)).has_value());
    EXPECT_THAT(answers(actor.take()), HasSubstr(all ? ":false" : ":true"));
  }
}

TEST(Anomaly, features_that_are_no_numbers_go_to_errors_or_pass_without_a_score) {
  const std::string rows = row("a", 1) +
                           R"({"key":"a","at":0,"x":null,"n":1})"
                           "\n" +
                           row("a", 1e200) + row("a", 2) + row("a", 3);
  ActorHarness strict("anomaly", "{ method: zscore, features: { x: x }, warm_up: 2 }", kSchema);
  ASSERT_TRUE(strict.feed(rows).has_value());
  EXPECT_EQ(answers(strict.take()),
            "\"anomaly_score\":null}\n\"anomaly_score\":null}\n\"anomaly_score\":2.1213203435596424}\n");
  const std::string errors = strict.take("errors");
  EXPECT_THAT(errors, HasSubstr("the feature `x` is null or NaN"));
  EXPECT_THAT(errors, HasSubstr("the feature `x` is beyond 1e150"));
  ActorHarness lenient("anomaly", "{ method: zscore, features: { x: x }, warm_up: 2, on_null: pass }",
                       kSchema);
  ASSERT_TRUE(lenient.feed(rows).has_value());
  EXPECT_EQ(answers(lenient.take()),
            "\"anomaly_score\":null}\n\"anomaly_score\":null}\n\"anomaly_score\":null}\n"
            "\"anomaly_score\":null}\n\"anomaly_score\":2.1213203435596424}\n");
  EXPECT_THAT(lenient.take("errors"), IsEmpty());
}

TEST(Anomaly, a_row_is_an_error_once_however_much_of_it_fails) {
  ActorHarness actor("anomaly", "{ method: zscore, key: 1 / n, features: { x: x, y: 2 / n } }",
                     "{ x: 'float64?', n: int64 }");
  ASSERT_TRUE(actor.feed("{\"x\":null,\"n\":0}\n{\"x\":1,\"n\":1}").has_value());
  EXPECT_EQ(actor.take_batches("errors").at(0).row_count(), 1u);
  EXPECT_EQ(actor.take_batches().at(0).row_count(), 1u);
}

TEST(Anomaly, a_full_house_rejects_new_keys_or_forgets_the_one_unheard_of_for_longest) {
  const std::string rows = row("a", 1) + row("b", 1) + row("a", 2) + row("c", 1) + row("a", 3) + row("b", 5);
  ActorHarness strict("anomaly", "{ method: zscore, key: key, features: { x: x }, warm_up: 2, keys: 2 }",
                      kSchema);
  ASSERT_TRUE(strict.feed(rows).has_value());
  EXPECT_EQ(strict.take_batches().at(0).row_count(), 5u);
  EXPECT_THAT(strict.take("errors"), HasSubstr("no room for another key; raise `keys` (now 2)"));
  ActorHarness forgetting(
      "anomaly", "{ method: zscore, key: key, features: { x: x }, warm_up: 2, keys: 2, when_full: forget }",
      kSchema);
  ASSERT_TRUE(forgetting.feed(rows + row("a", 4)).has_value());
  const std::string got = answers(forgetting.take());
  // `a` is known through all of it; `b` was forgotten for `c`, and `c` for `b`.
  EXPECT_EQ(got,
            "\"anomaly_score\":null}\n\"anomaly_score\":null}\n\"anomaly_score\":null}\n"
            "\"anomaly_score\":null}\n\"anomaly_score\":2.1213203435596424}\n"
            "\"anomaly_score\":null}\n\"anomaly_score\":2.0}\n");
  EXPECT_THAT(forgetting.take("errors"), IsEmpty());
}

class EveryMethod : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryMethod, a_key_gets_the_same_scores_alone_among_others_and_after_restarts) {
  const std::string options = fmt::format(
      "{{ key: key, features: {{ x: x, n: n }}, time: at, warm_up: 5, quantile: 0.9, {} }}", GetParam());
  const std::string untimed =
      fmt::format("{{ key: key, features: {{ x: x, n: n }}, warm_up: 5, quantile: 0.9, {} }}", GetParam());
  const std::string& chosen = GetParam().find("1m") != std::string::npos ? options : untimed;
  ActorHarness alone("anomaly", chosen, kSchema), among("anomaly", chosen, kSchema);
  ASSERT_EQ(alone.problems(), "");
  std::string mine, ours;
  for (int at = 0; at < 120; ++at) {
    const double x = at * 7919 % 31;
    ASSERT_TRUE(alone.feed(row("a", x, at * 1'000'000)).has_value());
    ASSERT_TRUE(
        among.feed(row("b", at, at * 1'000'000) + row("a", x, at * 1'000'000) + row("c", 1)).has_value());
    mine += alone.take();
    const std::string sent = among.take();
    for (std::size_t begin = 0; begin < sent.size();) {
      const std::size_t end = sent.find('\n', begin) + 1;
      if (sent.compare(begin, 10, R"({"key":"a")") == 0) ours += sent.substr(begin, end - begin);
      begin = end;
    }
    if (at % 17 == 3) {
      ASSERT_TRUE(among.restart().has_value());
    }
  }
  EXPECT_EQ(mine, ours);
  EXPECT_THAT(mine, HasSubstr("_cause\":\""));
}
INSTANTIATE_TEST_SUITE_P(, EveryMethod,
                         ::testing::Values("method: zscore", "method: zscore, window: 20",
                                           "method: ewma, half_life: 10 rows", "method: ewma, half_life: 1m",
                                           "method: random_cut_forest, trees: 5, sample: 16",
                                           "method: random_cut_forest, trees: 5, sample: 16, shingle: 4, "
                                           "half_life: 1m"));

TEST(Anomaly, options_that_mean_nothing_together_are_refused_by_name) {
  struct Case {
    const char* options;
    const char* problem;
  };
  const Case cases[] = {
      {"{ features: { x: x }, window: 10 }", "`window` means nothing to method `random_cut_forest`"},
      {"{ features: { x: x }, method: zscore, trees: 3 }", "`trees` means nothing to method `zscore`"},
      {"{ features: { x: x }, method: ewma }", "method `ewma` needs `half_life`"},
      {"{ features: { x: x }, method: ewma, half_life: soon }", "`soon` is no half-life"},
      {"{ features: { x: x }, method: ewma, half_life: 5 rows, time: at }", "nothing asks for `time`"},
      {"{ features: { x: x }, recent: 10 }", "`recent` means nothing without `quantile`"},
      {"{ features: { x: x }, quantile: 0.99, recent: 10 }", "none lies beyond the quantile 0.99"},
      {"{ features: { x: x }, quantile: 99 }", "`quantile` lies between 0 and 1"},
      {"{ features: { x: x }, learn: unflagged }", "without `threshold` or `quantile` no row is flagged"},
      {"{ features: { x: x }, sample: 1 }", "`sample` is from 2 to 4096"},
      {"{ features: { x: x }, shingle: 1025 }", "`shingle` is from 1 to 1024"},
      {"{ features: { x: x, n: n }, shingle: 600 }", "`shingle` times features is at most 1024"},
      {"{ features: { x: key } }", "a feature is a number or a bool"},
      {"{ features: {} }", "name from 1 to 256 features"},
      {"{ features: { x: x }, threshold: 0 }", "`threshold` is more than 0"},
      {"{ features: { x: x }, keys: 0 }", "`keys` is from 1"},
      {"{ features: { x: x }, out: 'a b' }", "cannot begin the name of a column"},
  };
  for (const Case& one : cases) {
    ActorHarness actor("anomaly", one.options, kSchema);
    EXPECT_THAT(actor.problems(), HasSubstr(one.problem)) << one.options;
  }
  ActorHarness taken("anomaly", "{ features: { x: x } }", "{ x: float64, anomaly_score: float64 }");
  EXPECT_THAT(taken.problems(), HasSubstr("the input has a field `anomaly_score` already"));
}

}  // namespace
}  // namespace leat
