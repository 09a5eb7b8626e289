#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <leat/testing.hpp>

#include "infer/incumbent.hpp"
#include "infer/learner.hpp"
#include "infer/model_store.hpp"
#include "support/forests.hpp"
#include "support/labelled.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::HasSubstr;

class CompareTest : public ::testing::Test {
 protected:
  void SetUp() override { LEAT_NEEDS_XGBOOST(); }
  std::string run(const std::string& compare, const std::string& label, const std::string& rows) const {
    ActorHarness actor(
        "train",
        fmt::format("{{ model: {}, features: {{ a: a, b: b }}, label: '{}', rounds: 40, depth: 3, "
                    "compare: {} }}",
                    folder_.path("risk"), label, compare),
        "{ a: float64, b: 'float64?', fraud: 'bool?' }");
    EXPECT_EQ(actor.problems(), "");
    EXPECT_TRUE(actor.feed(rows));
    EXPECT_TRUE(actor.end());
    return actor.take();
  }
  testing::TempFolder folder_;
};

TEST_F(CompareTest, the_linear_model_is_promoted_where_the_truth_is_a_line_and_the_forest_where_it_is_not) {
  const std::string line = run("[xgboost, linear]", "fraud", testing::labelled(400, 1, 0.2));
  EXPECT_THAT(
      line,
      AllOf(HasSubstr(R"("algorithm":"xgboost","version":null,"taken":false,"message":"linear is better")"),
            HasSubstr(R"("algorithm":"linear","version":1,"taken":true,"message":"taken","rows":320)")));
  EXPECT_THAT(folder_.read("risk/1/metrics.json"),
              AllOf(HasSubstr(R"({"algorithm":"linear","rows":320,"held_out":80,"auc":)"),
                    HasSubstr(R"("compared":{"xgboost":{"auc":)")));

  const std::string corners = run("[linear, { algorithm: xgboost, name: deep, depth: 5 }]",
                                  "(a > 0.5) == (b != null && b > 0.5)", testing::labelled(2000, 2, 0));
  EXPECT_THAT(
      corners,
      AllOf(HasSubstr(R"("algorithm":"linear","version":null,"taken":false,"message":"deep is better")"),
            HasSubstr(R"("algorithm":"deep","version":2,"taken":true)")));
}

TEST_F(CompareTest, what_wins_is_taken_only_if_it_is_better_than_what_is_there) {
  run("[xgboost, linear]", "fraud", testing::labelled(2000, 1, 0.02));
  const std::string report = run("[xgboost, linear]", "fraud", testing::labelled(300, 2, 0.3));
  EXPECT_THAT(report, AllOf(HasSubstr("not better than the version that is there"), HasSubstr("is better\""),
                            ::testing::Not(HasSubstr("\"taken\":true"))));
  EXPECT_THAT(
      run("[xgboost, linear]", "fraud", testing::labelled(3, 1, 0)),
      HasSubstr(R"("algorithm":null,"version":null,"taken":false,"message":"too few rows to compare on")"));
}

TEST_F(CompareTest, infer_serves_a_linear_model_and_its_weights_make_the_answers) {
  run("[linear, { algorithm: linear, name: again }]", "a > 0.5", testing::labelled(500, 1, 0.1));
  ActorHarness infer(
      "infer",
      fmt::format("{{ engine: xgboost, model: {}, on_null: missing, map: {{ in: {{ b: b, a: a }}, "
                  "out: {{ risk: score }} }} }}",
                  folder_.path("risk")),
      "{ a: float64, b: 'float64?' }");
  ASSERT_EQ(infer.problems(), "");
  ASSERT_TRUE(infer.feed(R"({"a":0.9,"b":0.3}
{"a":0.1,"b":0.3}
{"a":0,"b":null}
{"a":1,"b":0}
{"a":0,"b":1}
{"a":1,"b":1})"));
  const auto batches = infer.take_batches();
  ASSERT_EQ(batches.size(), 1u);
  const auto logit = [&](std::uint32_t row) {
    const double p = batches[0].column("risk")->float64(row);
    return std::log(p / (1 - p));
  };
  EXPECT_GT(logit(0), 1);
  EXPECT_LT(logit(1), -1);
  EXPECT_THAT(logit(5) - logit(4), DoubleNear(logit(3) - logit(2), 1e-3));  // a line, and null is 0
  EXPECT_THAT(logit(3) - logit(2), DoubleNear((logit(0) - logit(1)) / 0.8, 1e-3));
}

TEST(Learners, the_same_rows_give_the_same_model_and_files_answer_as_what_was_learnt) {
  LEAT_NEEDS_XGBOOST();
  TrainingRows rows(2, 1000);
  std::mt19937 random(3);
  for (int row = 0; row < 1000; ++row) {
    const float values[] = {random() % 100 / 100.0f, random() % 100 / 7.0f};
    rows.add(values, values[0] + values[1] / 14 > 1);
  }
  for (const Learner& learner : learners()) {
    if (learner.texts) continue;
    TrainingOptions options;
    options.rounds = 20;
    options.features = {"a", "b"};
    std::vector<float> first, second;
    for (std::vector<float>* answers : {&first, &second}) {
      const auto learnt = learner.learn(options, rows.rows(0, 800));
      ASSERT_TRUE(learnt) << learner.name << learnt.error().text();
      ASSERT_TRUE((*learnt)->predict(rows.rows(800, 200), *answers));
    }
    EXPECT_EQ(first, second) << learner.name;
    const testing::TempFolder folder;
    const auto learnt = learner.learn(options, rows.rows(0, 800));
    ASSERT_TRUE((*learnt)->save(folder.path("")));
    const auto served = Incumbent::open(folder.path(""), options.features);
    ASSERT_TRUE(served) << learner.name;
    EXPECT_EQ(served->identity().engine, learner.engine);
    const auto answers = served->answers(rows.rows(800, 200));
    ASSERT_TRUE(answers);
    ASSERT_EQ(answers->size(), first.size());
    for (std::size_t row = 0; row < first.size(); ++row) EXPECT_FLOAT_EQ((*answers)[row], first[row]);
  }
}

}  // namespace
}  // namespace leat
