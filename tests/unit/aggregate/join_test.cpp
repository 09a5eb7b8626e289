#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>
#include <random>

namespace leat {
namespace {

const ActorHarness::Inputs kInputs{{"left", "{ k: 'int64?', t: timestamp, id: int64 }"},
                                   {"right", "{ k: 'int64?', t: timestamp, id: int64 }"}};

std::string row(std::int64_t key, std::int64_t time, std::int64_t id) {
  return fmt::format("{{\"k\":{},\"t\":{},\"id\":{}}}\n", key < 0 ? "null" : std::to_string(key), time, id);
}
Time at(std::int64_t us) {
  return Time(Duration(us));
}

TEST(Join, rows_within_the_interval_are_paired_whoever_comes_first) {
  ActorHarness join("join",
                    "{ left_key: k, right_key: k, within: { before: 5us, after: 10us }, right_prefix: r_ }",
                    kInputs);
  ASSERT_EQ(join.problems(), "");
  ASSERT_TRUE(join.feed(row(1, 100, 1), "left"));
  ASSERT_TRUE(
      join.feed(row(1, 94, 2) + row(1, 95, 3) + row(1, 110, 4) + row(1, 111, 5) + row(2, 100, 6), "right"));
  ASSERT_TRUE(join.feed(row(2, 90, 7), "left"));
  std::vector<std::int64_t> pairs;
  for (const Batch& batch : join.take_batches())
    for (std::uint32_t each = 0; each < batch.row_count(); ++each) {
      pairs.push_back(batch.column("id")->int64(each));
      pairs.push_back(batch.column("r_id")->int64(each));
    }
  EXPECT_EQ(pairs, (std::vector<std::int64_t>{1, 3, 1, 4, 7, 6}));
}

TEST(Join, a_left_row_without_a_partner_comes_when_none_can_follow) {
  ActorHarness join("join",
                    "{ left_key: k, right_key: k, within: { after: 10us }, type: left, right_prefix: r_ }",
                    kInputs);
  ASSERT_TRUE(join.feed(row(1, 100, 1), "left"));
  ASSERT_TRUE(join.watermark(at(109)));
  EXPECT_EQ(join.take(), "");
  ASSERT_TRUE(join.watermark(at(110)));
  EXPECT_NE(join.take().find("\"id\":1,\"r_k\":null,\"r_t\":null,\"r_id\":null"), std::string::npos);
}

TEST(Join, inner_rows_without_a_partner_are_counted) {
  ActorHarness join("join", "{ left_key: k, right_key: k, within: {}, right_prefix: r_ }", kInputs);
  ASSERT_TRUE(join.feed(row(1, 100, 1) + row(-1, 100, 2), "left"));
  ASSERT_TRUE(join.feed(row(-1, 100, 3), "right"));
  ASSERT_TRUE(join.end());
  EXPECT_EQ(join.take(), "");
  EXPECT_EQ(join.dropped("unmatched"), 3u);
}

TEST(Join, rows_beyond_a_bound_are_rejected) {
  ActorHarness join("join",
                    "{ left_key: k, right_key: k, within: {}, rows: 3, rows_per_key: 2, right_prefix: r_ }",
                    kInputs);
  ASSERT_TRUE(join.feed(row(1, 1, 1) + row(1, 2, 2) + row(1, 3, 3) + row(2, 1, 4) + row(3, 1, 5), "left"));
  const std::string errors = join.take("errors");
  EXPECT_NE(errors.find("raise `rows_per_key`"), std::string::npos) << errors;
  EXPECT_NE(errors.find("raise `rows`"), std::string::npos) << errors;
}

TEST(Join, says_which_fields_have_the_same_name) {
  ActorHarness join("join", "{ left_key: k, right_key: k, within: {} }", kInputs);
  EXPECT_NE(join.problems().find("right_prefix: right_"), std::string::npos) << join.problems();
}

TEST(Join, keys_of_different_types_are_refused) {
  ActorHarness join("join", "{ left_key: k, right_key: t, within: {}, right_prefix: r_ }", kInputs);
  EXPECT_NE(join.problems().find("a timestamp never equals a int64"), std::string::npos) << join.problems();
}

// ---- against the definition ----

struct Step {
  bool left = false;
  std::int64_t key = 0, time = 0, id = 0;
  std::optional<std::int64_t> watermark;
};

struct Outcome {
  std::vector<std::string> pairs, late;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome model(const std::vector<Step>& steps, std::int64_t before, std::int64_t after, bool left_join) {
  Outcome outcome;
  std::vector<const Step*> left, right;
  std::int64_t watermark = INT64_MIN;
  for (const Step& step : steps) {
    if (step.watermark)
      watermark = *step.watermark;
    else if (step.time <= watermark)
      outcome.late.push_back(fmt::format("{} {}", step.left, step.id));
    else
      (step.left ? left : right).push_back(&step);
  }
  for (const Step* l : left) {
    bool found = false;
    for (const Step* r : right) {
      if (l->key < 0 || l->key != r->key || r->time < l->time - before || r->time > l->time + after) continue;
      found = true;
      outcome.pairs.push_back(fmt::format("{}-{}", l->id, r->id));
    }
    if (!found && left_join) outcome.pairs.push_back(fmt::format("{}-none", l->id));
  }
  std::ranges::sort(outcome.pairs);
  std::ranges::sort(outcome.late);
  return outcome;
}

Outcome actor(const std::vector<Step>& steps, std::int64_t before, std::int64_t after, bool left_join,
              bool restarts) {
  ActorHarness join("join",
                    fmt::format("{{ left_key: k, right_key: k, within: {{ before: {}us, after: {}us }}, "
                                "type: {}, right_prefix: r_ }}",
                                before, after, left_join ? "left" : "inner"),
                    kInputs);
  EXPECT_EQ(join.problems(), "");
  Outcome outcome;
  const auto collect = [&] {
    for (const Batch& batch : join.take_batches())
      for (std::uint32_t each = 0; each < batch.row_count(); ++each)
        outcome.pairs.push_back(
            batch.column("r_id")->is_null(each)
                ? fmt::format("{}-none", batch.column("id")->int64(each))
                : fmt::format("{}-{}", batch.column("id")->int64(each), batch.column("r_id")->int64(each)));
    for (const bool left : {true, false})
      for (const Batch& batch : join.take_batches(left ? "late" : "late_right"))
        for (std::uint32_t each = 0; each < batch.row_count(); ++each)
          outcome.late.push_back(fmt::format("{} {}", left, batch.column("id")->int64(each)));
  };
  for (const Step& step : steps) {
    const Status status = step.watermark
                              ? join.watermark(at(*step.watermark))
                              : join.feed(row(step.key, step.time, step.id), step.left ? "left" : "right");
    EXPECT_TRUE(status);
    collect();
    if (restarts) {
      EXPECT_TRUE(join.restart());
    }
  }
  EXPECT_TRUE(join.end());
  collect();
  EXPECT_EQ(join.take("errors"), "");
  std::ranges::sort(outcome.pairs);
  std::ranges::sort(outcome.late);
  return outcome;
}

TEST(Join, every_pair_comes_once_as_the_definition_says) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const auto draw = [&](int least, int most) {
      return std::uniform_int_distribution<>(least, most)(random);
    };
    const std::int64_t before = draw(0, 8), after = draw(0, 12);
    const bool left_join = draw(0, 1) == 1, restarts = draw(0, 3) == 0;
    std::vector<Step> steps;
    std::int64_t now = draw(-50, 50), watermark = INT64_MIN;
    for (int id = 0, count = draw(1, 40); id < count; ++id) {
      if (draw(0, 4) == 0) {
        watermark = std::max(watermark, now - draw(0, 15));
        steps.push_back({.watermark = watermark});
      } else {
        steps.push_back({draw(0, 1) == 1, draw(-1, 2), now - draw(0, 12), id, {}});
      }
      now += draw(0, 4);
    }
    const Outcome expected = model(steps, before, after, left_join);
    const Outcome found = actor(steps, before, after, left_join, restarts);
    ASSERT_EQ(found.pairs, expected.pairs) << "seed " << seed;
    ASSERT_EQ(found.late, expected.late) << "seed " << seed;
  }
}

}  // namespace
}  // namespace leat
