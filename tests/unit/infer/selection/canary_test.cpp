#include "infer/selection/canary.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <leat/batch_builder.hpp>
#include <leat/key_share.hpp>
#include <leat/testing.hpp>
#include <set>

#include "infer/model_file.hpp"
#include "support/version_folder.hpp"

namespace leat {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Side = CanaryWatch::Side;
using std::chrono::microseconds;

TEST(CanaryWatch, errors_within_what_is_allowed_are_no_reason_and_one_more_is) {
  CanaryWatch watch({.errors = 0.02, .after = 1000});
  for (int round = 0; round < 10; ++round)
    for (int call = 0; call < 100; ++call)
      ASSERT_EQ(watch.called(Side::candidate, 10, call % 5 == 0, microseconds(5)),
                std::nullopt);  // 20 of 1000
  for (int row = 0; row < 20; ++row)
    ASSERT_EQ(watch.called(Side::candidate, 1, 1, microseconds(5)), std::nullopt) << row;
  EXPECT_THAT(*watch.called(Side::candidate, 1, 1, microseconds(5)), HasSubstr("it failed on 21 of 21 rows"));
}

TEST(CanaryWatch, times_are_compared_with_calls_of_the_same_size_and_time) {
  const auto outcome = [](int candidate_us, int control_us) {
    CanaryWatch watch({.latency = 2.0, .after = 100});
    std::optional<std::string> why;
    for (int call = 0; call < 100 && !why; ++call) {
      // Now and then a call is held up; that is the machine's doing.
      watch.called(Side::control, 1, 0, microseconds(call % 10 == 0 ? 5000 : control_us));
      why = watch.called(Side::candidate, 1, 0, microseconds(call % 9 == 0 ? 9000 : candidate_us));
    }
    return why.value_or("");
  };
  EXPECT_EQ(outcome(100, 100), "");
  EXPECT_EQ(outcome(199, 100), "");
  EXPECT_THAT(outcome(201, 100),
              HasSubstr("2.0 times as long as the current version's; 2 times are allowed"));
  EXPECT_THAT(outcome(900, 100), HasSubstr("half of its calls took 900 us or more, 9.0 times"));
}

TEST(CanaryWatch, each_stretch_of_rows_is_judged_by_itself) {
  CanaryWatch watch({.errors = 0.1, .latency = 2.0, .after = 100});
  for (int round = 0; round < 5; ++round)
    for (int row = 0; row < 100; ++row) {
      ASSERT_EQ(watch.called(Side::control, 1, 0, microseconds(10)), std::nullopt);
      ASSERT_EQ(watch.called(Side::candidate, 1, row < 10, microseconds(round == 4 ? 15 : 10)), std::nullopt);
    }
  // Too few calls say nothing about times, until there are enough: large ones are few.
  CanaryWatch few({.latency = 2.0, .after = 10});
  for (int call = 0; call < 20; ++call)
    ASSERT_EQ(few.called(Side::candidate, 100, 0, microseconds(1000)), std::nullopt);
  std::optional<std::string> why;
  for (int call = 0; call < 10 && !why; ++call) {
    few.called(Side::control, 100, 0, microseconds(100));
    why = few.called(Side::candidate, 100, 0, microseconds(1000));
  }
  EXPECT_THAT(why.value_or(""), HasSubstr("10.0 times"));
}

Batch cards(std::int64_t count) {
  BatchBuilder rows(Schema::make({{"card", Type::int64, true}}));
  for (std::int64_t row = 0; row < count; ++row) rows.add(row);
  return rows.finish();
}

Expression key_of(const Batch& rows, const char* text) {
  Expression key(text);
  EXPECT_FALSE(key.bind(rows.schema()));
  return key;
}

TEST(CanaryRows, a_share_of_the_keys_is_on_trial_as_many_are_control_and_no_row_is_lost) {
  const Batch rows = cards(20'000);
  const CanaryRows parts = canary_rows(key_of(rows, "card"), rows, 0.05, 3);
  EXPECT_NEAR(static_cast<double>(parts.candidate.size()), 1000, 150);
  EXPECT_NEAR(static_cast<double>(parts.control.size()), 1000, 150);
  std::set<std::uint32_t> all(parts.candidate.begin(), parts.candidate.end());
  all.insert(parts.control.begin(), parts.control.end());
  all.insert(parts.current.begin(), parts.current.end());
  EXPECT_EQ(all.size(), 20'000u);
  EXPECT_EQ(parts.candidate.size() + parts.control.size() + parts.current.size(), 20'000u);
  EXPECT_EQ(canary_rows(key_of(rows, "card"), rows, 0.05, 3).candidate, parts.candidate);
  EXPECT_NE(canary_rows(key_of(rows, "card"), rows, 0.05, 4).candidate, parts.candidate);
}

TEST(CanaryRows, every_instance_that_rows_are_dealt_to_by_the_same_key_gets_its_share) {
  const Batch rows = cards(40'000);
  std::vector<std::uint64_t> hashes(rows.row_count());
  mix_hashes(rows.column(0), hashes);
  int candidates[4] = {};
  for (const std::uint32_t row : canary_rows(key_of(rows, "card"), rows, 0.05, 3).candidate)
    ++candidates[KeyShare::instance_of(hashes[row], 4)];
  for (const int count : candidates) EXPECT_NEAR(count, 500, 120);
}

TEST(CanaryRows, rows_without_a_key_are_answered_by_the_current_version) {
  BatchBuilder builder(Schema::make({{"card", Type::int64, true}, {"by", Type::int64}}));
  for (int row = 0; row < 100; ++row) {
    builder.column(0).append_null();
    builder.column(1).append(row % 2);
  }
  const Batch rows = builder.finish();
  EXPECT_EQ(canary_rows(key_of(rows, "card"), rows, 0.5, 1).current.size(), 100u);
  const CanaryRows failing = canary_rows(key_of(rows, "10 / by"), rows, 0.5, 1);
  EXPECT_GE(failing.current.size(), 50u);
}

/// Version 1 multiplies by 1; version 2 by 2, and fails on values of 2 and more.
class CanaryTest : public testing::VersionFolder {
 protected:
  void SetUp() override {
    VersionFolder::SetUp();
    if (IsSkipped()) return;
    add_picky(2);
    ASSERT_TRUE(pin_version(folder_.path("risk"), 1));
  }
  std::string options(const std::string& canary, const std::string& more = {}) const {
    return fmt::format("{{ engine: onnx, model: {}, watch: 1h, map: {{ in: a, out: r }}, canary: {}{} }}",
                       folder_.path("risk"), canary, more);
  }
  static std::string rows(int count, double a) {
    std::string lines;
    for (int row = 0; row < count; ++row) lines += fmt::format("{{\"card\":{},\"a\":{}}}\n", row, a);
    return lines;
  }
  static int count(const std::string& text, std::string_view of) {
    int found = 0;
    for (auto at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++found;
    return found;
  }
  static constexpr const char* kSchema = "{ card: int64, a: float64 }";
};

TEST_F(CanaryTest, a_share_of_the_cards_is_answered_by_the_version_on_trial_in_the_order_they_came) {
  ActorHarness actor("infer", options("{ version: 2, share: 20%, key: card }"), kSchema);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(rows(1000, 1)));
  const auto batches = actor.take_batches();
  std::set<std::int64_t> candidates;
  std::int64_t next = 0;
  for (const Batch& batch : batches)
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      EXPECT_EQ(batch.column("card")->int64(row), next++);
      const bool second = batch.column("r_model")->text(row) == "onnx/risk@2";
      EXPECT_EQ(batch.column("r_risk")->float64(row), second ? 2 : 1);
      if (second) candidates.insert(next - 1);
    }
  EXPECT_EQ(next, 1000);
  EXPECT_NEAR(static_cast<double>(candidates.size()), 200, 60);
  EXPECT_EQ(actor.measured("canary_rows"), candidates.size());
  EXPECT_EQ(actor.measured("canary_went_back"), 0u);
}

TEST_F(CanaryTest, what_fails_is_answered_by_the_current_version_and_too_much_of_it_ends_the_trial_for_good) {
  ActorHarness actor("infer",
                     options("{ version: 2, share: 20%, key: card, rollback: { errors: 5%, after: 100 } }"),
                     kSchema, Delivery::exactly_once);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(rows(1000, 5)));  // version 2 fails on every one
  std::string out = actor.take();
  EXPECT_EQ(count(out, "\"r_risk\":5.0"), 1000);
  EXPECT_EQ(actor.take("errors"), "");
  EXPECT_THAT(
      actor.log(),
      Contains(HasSubstr("canary onnx/risk@2 goes back, onnx/risk@1 answers all rows: it failed on")));
  EXPECT_EQ(actor.measured("canary_went_back"), 1u);
  ASSERT_TRUE(actor.restart());
  ASSERT_TRUE(actor.feed(rows(1000, 1)));
  EXPECT_EQ(count(actor.take(), "onnx/risk@2"), 0);
}

TEST_F(CanaryTest, once_it_is_current_there_is_nothing_on_trial) {
  ASSERT_TRUE(pin_version(folder_.path("risk"), 2));
  ActorHarness actor("infer", options("{ version: 2, key: card }"), kSchema);
  EXPECT_THAT(actor.problems(), HasSubstr("version 2 is current already"));
  ASSERT_TRUE(actor.feed(rows(100, 1)));
  EXPECT_EQ(count(actor.take(), "onnx/risk@2"), 100);
  EXPECT_EQ(actor.measured("canary_rows"), 0u);
}

TEST_F(CanaryTest, what_makes_no_trial_is_refused_where_it_stands) {
  add(3, 3);
  const std::pair<const char*, const char*> cases[] = {
      {"{ version: 7, key: card }", "there are: 1, 2, 3"},
      {"{ version: 3, key: card }", "it gives other outputs"},
      {"{ version: 2, key: crad }", "did you mean `card`"},
      {"{ version: 2 }", "`key`"},
      {"{ version: 2, key: card, share: 60% }", "at most 50%"},
      {"{ version: 2, key: card, share: 5 }", "is not a percentage"},
      {"{ version: 2, key: card, rollback: { latency: 2 } }", "write `2x`"},
      {"{ version: 2, key: card, rollback: { after: 0 } }", "at least 1 row"},
  };
  for (const auto& [canary, says] : cases) {
    const ActorHarness actor("infer", options(canary), kSchema);
    EXPECT_THAT(actor.problems(), HasSubstr(says)) << canary;
  }
}

}  // namespace
}  // namespace leat
