#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <leat/testing.hpp>
#include <random>

#include "infer/engines.hpp"
#include "infer/forest.hpp"
#include "infer/model_store.hpp"
#include "support/forests.hpp"
#include "support/labelled.hpp"
#include "support/onnx_models.hpp"

namespace leat {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;
using testing::labelled;
using testing::TempFolder;

TEST(AreaUnderCurve, counts_pairs_in_the_right_order_and_ties_half) {
  const float scores[] = {0.1f, 0.4f, 0.35f, 0.8f}, labels[] = {0, 0, 1, 1};
  EXPECT_THAT(*area_under_curve(scores, labels), DoubleNear(0.75, 1e-12));
  const float same[] = {0.5f, 0.5f, 0.5f, 0.5f};
  EXPECT_THAT(*area_under_curve(same, labels), DoubleNear(0.5, 1e-12));
  const float perfect[] = {0, 0, 1, 1};
  EXPECT_EQ(area_under_curve(perfect, labels), 1.0);
  const float all[] = {1, 1, 1, 1};
  EXPECT_EQ(area_under_curve(scores, all), std::nullopt);
}

TEST(TrainingRows, the_newest_are_kept_and_survive_a_checkpoint) {
  TrainingRows rows(2, 3);
  for (int row = 0; row < 10; ++row) {
    const float values[] = {static_cast<float>(row), static_cast<float>(-row)};
    rows.add(values, static_cast<float>(row % 2));
    EXPECT_EQ(rows.size(), std::min<std::uint64_t>(row + 1, 3));
  }
  TrainingRows again(2, 3);
  ASSERT_TRUE(again.load(rows.save()));
  ASSERT_EQ(again.size(), 3u);
  EXPECT_EQ(again.rows(0, 3).numbers.values[0], 7);
  EXPECT_EQ(again.rows(2, 1).numbers.values[1], -9);
  EXPECT_EQ(again.rows(0, 3).labels[2], 1);
  TrainingRows other(3, 3);
  EXPECT_EQ(other.load(rows.save()).error().code, Code::corrupt_state);
  EXPECT_FALSE(again.load("x"));
  again.keep(1);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again.rows(0, 1).numbers.values[0], 9);
}

TEST(TrainingRows, texts_are_kept_as_numbers_are) {
  TrainingRows rows(0, 2);
  for (const char* text : {"one", "", "three"}) rows.add(text, text[0] == 't' ? 1.0f : 0.0f);
  TrainingRows again(0, 2);
  ASSERT_TRUE(again.load(rows.save()));
  const Examples all = again.rows(0, again.size());
  EXPECT_THAT(all.texts, ::testing::ElementsAre("", "three"));
  EXPECT_THAT(all.labels, ::testing::ElementsAre(0, 1));
  EXPECT_FALSE(again.load(rows.save() + "x"));
  EXPECT_FALSE(again.load(rows.save().substr(0, 20)));
}

class TrainTest : public ::testing::Test {
 protected:
  void SetUp() override { LEAT_NEEDS_XGBOOST(); }
  std::string run(const std::string& rows, const std::string& more = {}) const {
    ActorHarness actor(
        "train",
        fmt::format("{{ model: {}, features: {{ a: a, b: b }}, label: fraud, rounds: 20, depth: 3{} }}",
                    folder_.path("risk"), more),
        "{ a: float64, b: 'float64?', fraud: 'bool?' }");
    EXPECT_EQ(actor.problems(), "");
    EXPECT_TRUE(actor.feed(rows));
    EXPECT_TRUE(actor.end());
    return actor.take();
  }
  TempFolder folder_;
};

TEST_F(TrainTest, writes_versions_that_infer_reads_and_keeps_the_better_one) {
  const std::string first = run(labelled(500, 1, 0.2));
  EXPECT_THAT(first, HasSubstr(R"("version":1,"taken":true,"message":"taken","rows":400,"held_out":100)"));
  EXPECT_THAT(folder_.read("risk/1/metrics.json"), HasSubstr("\"auc\":0."));
  // Less noise: better on its own held-out rows than the one before.
  EXPECT_THAT(run(labelled(3000, 2, 0.01)), HasSubstr(R"("version":2,"taken":true)"));
  // Learnt from noise: worse, and not taken.
  const std::string worse = run(labelled(100, 3, 0.5));
  EXPECT_THAT(
      worse,
      HasSubstr(R"("version":null,"taken":false,"message":"not better than the version that is there")"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("risk/3")));
  EXPECT_THAT(run(labelled(100, 3, 0.5), ", replace: always"), HasSubstr(R"("version":3,"taken":true)"));

  ActorHarness infer("infer",
                     fmt::format("{{ engine: xgboost, model: {}, version: 2, on_null: missing, map: {{ in: "
                                 "{{ b: b, a: a }}, out: {{ risk: score }} }} }}",
                                 folder_.path("risk")),
                     "{ a: float64, b: 'float64?' }");
  ASSERT_EQ(infer.problems(), "");
  ASSERT_TRUE(infer.feed(R"({"a":0.9,"b":0.9}
{"a":0.1,"b":0.1})"));
  const auto batches = infer.take_batches();
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_GT(batches[0].column("risk")->float64(0), 0.9);
  EXPECT_LT(batches[0].column("risk")->float64(1), 0.1);
  EXPECT_EQ(batches[0].column("answered_by")->text(1), "xgboost/risk@2");
}

TEST_F(TrainTest, learns_on_a_schedule_what_has_come_since) {
  ActorHarness actor(
      "train",
      fmt::format(
          "{{ model: {}, features: {{ a: a, b: b }}, label: fraud, rounds: 5, every: 1h, replace: always }}",
          folder_.path("risk")),
      "{ a: float64, b: 'float64?', fraud: 'bool?' }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.advance(std::chrono::hours(2)));
  EXPECT_EQ(actor.take(), "");  // nothing to learn
  ASSERT_TRUE(actor.feed(labelled(200, 1, 0.1)));
  ASSERT_TRUE(actor.restart());
  ASSERT_TRUE(actor.advance(std::chrono::hours(1)));
  ASSERT_TRUE(actor.advance(std::chrono::minutes(1)));  // what was offloaded has come back
  EXPECT_THAT(actor.take(),
              HasSubstr(R"("version":1,"taken":true,"message":"taken","rows":160,"held_out":40)"));
  ASSERT_TRUE(actor.advance(std::chrono::hours(1)));
  ASSERT_TRUE(actor.end());
  EXPECT_EQ(actor.take(), "");  // nothing has come since
}

TEST_F(TrainTest, rows_that_cannot_be_learnt_from_go_to_errors) {
  ActorHarness actor("train",
                     fmt::format("{{ model: {}, features: {{ a: 1.0 / a, s: 1 / int(a) }}, label: fraud }}",
                                 folder_.path("risk")),
                     "{ a: float64, fraud: 'int64?' }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"a":1,"fraud":null}
{"a":0,"fraud":1}
{"a":1,"fraud":2}
{"a":1,"fraud":1})"));
  const std::string errors = actor.take("errors");
  EXPECT_THAT(errors, HasSubstr("the label is null"));
  EXPECT_THAT(errors, HasSubstr("division by zero"));
  EXPECT_THAT(errors, HasSubstr("the label is 2; a probability is learnt"));
}

TEST_F(TrainTest, what_cannot_be_learnt_is_refused_where_it_stands) {
  const std::pair<const char*, const char*> cases[] = {
      {"features: { a: s }, label: n", "feature `a` is string"},
      {"features: { a: n }, label: s", "the label is string"},
      {"features: {}, label: n", "at least one feature"},
      {"features: { a: n }, label: n, holdout: 1", "`holdout` is from 0 to less than 1"},
      {"features: { a: n }, label: n, objective: binary:logistc", "did you mean `binary:logistic`"},
      {"features: { a: n }, label: n, rounds: 0", "`rounds` is from 1"},
      {"label: n", "at least one feature, or a `text`"},
      {"features: { a: n }, text: s, label: n", "not both"},
      {"text: s, label: n", "`xgboost` learns from `features`, not from a text"},
      {"features: { a: n }, label: n, algorithm: lineer", "did you mean `linear`?"},
      {"features: { a: n }, label: n, compare: [xgboost]", "there is nothing to compare"},
      {"features: { a: n }, label: n, compare: [linear, xgbost]", "did you mean `xgboost`?"},
      {"features: { a: n }, label: n, compare: [linear, linear]", "two of `compare` are called `linear`"},
      {"features: { a: n }, label: n, compare: [linear, { algorithm: linear, eta: 1, name: b }], holdout: 0",
       "`holdout` must be more than 0"},
      {"features: { a: n }, label: n, on: dirft", "did you mean `drift`?"},
      {"features: { a: n }, label: n, on: { drift: { rows: 500 } }, history: 100", "`rows` of `drift`"},
      {"features: { a: n }, label: n, on: { drift: { threshold: 0 } }", "more than 0"},
  };
  for (const auto& [options, says] : cases) {
    const ActorHarness actor("train", fmt::format("{{ model: {}, {} }}", folder_.path("risk"), options),
                             "{ n: int64, s: string }");
    EXPECT_THAT(actor.problems(), HasSubstr(says)) << options;
  }
}

/// Seeded rows, some with gaps, through a booster and through its ONNX form.
void expect_same(const testing::Training& training) {
  const TempFolder folder;
  const auto booster = testing::train(training);
  const Result<OnnxWriter> graph = export_forest(*booster);
  ASSERT_TRUE(graph) << graph.error().text();
  ASSERT_TRUE(graph->write(folder.path("model.onnx")));
  std::mt19937 random(5);
  Tensor rows{Element::float32, {500, 3}, Memory::allocate(1500 * sizeof(float)), {}};
  auto* values = reinterpret_cast<float*>(rows.values.data());
  for (int at = 0; at < 1500; ++at)
    values[at] = random() % 7 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                   : static_cast<float>(random() % 3000) / 1000.0f;
  std::vector<float> due;
  ASSERT_TRUE(booster->predict({values, 500, 3}, due));
  const auto session = open_onnx(folder.path("model.onnx"), 1);
  ASSERT_TRUE(session) << session.error().text();
  const std::size_t first[] = {0};
  const auto outputs = (*session)->run({&rows, 1}, first);
  ASSERT_TRUE(outputs) << outputs.error().text();
  ASSERT_EQ(static_cast<std::size_t>((*outputs)[0].size()), due.size());
  const auto* found = reinterpret_cast<const float*>((*outputs)[0].values.data());
  for (std::size_t at = 0; at < due.size(); ++at)
    EXPECT_NEAR(found[at], due[at], 1e-6) << training.objective << " " << at;
}

TEST(ExportForest, gives_the_same_answers_to_six_decimals) {
  LEAT_NEEDS_XGBOOST();
  LEAT_NEEDS_ONNX();
  expect_same({.objective = "binary:logistic"});
  expect_same({.objective = "reg:squarederror"});
  expect_same({.objective = "multi:softprob", .classes = 3});
  expect_same({.objective = "binary:logistic", .rounds = 100, .depth = 6});
}

TEST(ExportForest, what_has_no_form_in_onnx_is_refused) {
  LEAT_NEEDS_XGBOOST();
  const Result<OnnxWriter> hinge = export_forest(*testing::train({.objective = "binary:hinge"}));
  ASSERT_FALSE(hinge);
  EXPECT_THAT(hinge.error().message, HasSubstr("`binary:hinge` has no form in ONNX"));
}

}  // namespace
}  // namespace leat
