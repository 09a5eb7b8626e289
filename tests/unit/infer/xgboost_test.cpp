#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>
#include <limits>

#include "infer/engines.hpp"
#include "infer/xgboost_library.hpp"
#include "support/forests.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;
using testing::train;

Result<ModelPtr> load(const std::string& path, const ModelOptions& options = {}) {
  LEAT_TRY_ASSIGN(const ModelFile file, find_model({.name = {}, .path = path}, "xgboost"));
  return load_model(file, options);
}

TEST(XgboostModel, answers_as_the_library_does_whatever_the_columns_types) {
  LEAT_NEEDS_XGBOOST();
  const TempFolder folder;
  const auto booster = train({.objective = "binary:logistic"});
  ASSERT_TRUE(booster->save(folder.path("risk.ubj")));
  ActorHarness actor(
      "infer",
      fmt::format(
          "{{ engine: xgboost, model: {}, map: {{ in: {{ c: c, a: a, b: b }}, out: r }}, on_null: missing }}",
          folder.path("risk.ubj")),
      "{ a: float64, b: int64, c: 'float64?' }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"a":0.25,"b":1,"c":0.75}
{"a":0.5,"b":0,"c":null})"));
  const float rows[] = {0.25f, 1, 0.75f, 0.5f, 0, std::numeric_limits<float>::quiet_NaN()};
  std::vector<float> due;
  ASSERT_TRUE(booster->predict({rows, 2, 3}, due));
  const auto batches = actor.take_batches();
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].column("r_score")->float64(0), due[0]);
  EXPECT_EQ(batches[0].column("r_score")->float64(1), due[1]);
  EXPECT_EQ(batches[0].column("r_model")->text(0), "xgboost/risk");
}

TEST(XgboostModel, classes_have_labels) {
  LEAT_NEEDS_XGBOOST();
  const TempFolder folder;
  ASSERT_TRUE(train({.objective = "multi:softprob", .classes = 3})->save(folder.path("k.json")));
  const auto numbered = load(folder.path("k.json"));
  ASSERT_TRUE(numbered) << numbered.error().text();
  EXPECT_EQ((*numbered)->signature().outputs->text(),
            "{ label: string, score: float64, probabilities: list<float32> }");
  ModelOptions two;
  two.readout.labels = {"low", "high"};
  EXPECT_THAT(load(folder.path("k.json"), two).error().message,
              HasSubstr("knows 3 classes, and there are 2 labels"));
  ASSERT_TRUE(train({.objective = "multi:softmax", .classes = 3})->save(folder.path("m.json")));
  ModelOptions three;
  three.readout.labels = {"low", "mid", "high"};
  const auto named = load(folder.path("m.json"), three);
  ASSERT_TRUE(named) << named.error().text();
  EXPECT_EQ((*named)->signature().outputs->text(), "{ label: string }");
}

TEST(XgboostModel, a_mapping_must_have_every_feature) {
  LEAT_NEEDS_XGBOOST();
  const TempFolder folder;
  ASSERT_TRUE(train({})->save(folder.path("risk.ubj")));
  const std::pair<const char*, const char*> cases[] = {
      {"[a, b]", "the model wants `features`, float32[?,3], 3 values per row; the mapping gives 2"},
      {"{ a: a, b: b }", "the model wants `c`; the mapping does not have it"},
      {"{ a: a, b: b, d: c }", "the model has no input `d`"},
      {"{ a: a, b: b, c: s }", "the mapping gives string"},
      {"[a, b, c]", ""},
      {"{ features: [a, b, c] }", ""},
  };
  for (const auto& [in, says] : cases) {
    const ActorHarness actor("infer",
                             fmt::format("{{ engine: xgboost, model: {}, map: {{ in: {}, out: r }} }}",
                                         folder.path("risk.ubj"), in),
                             "{ a: float64, b: int64, c: float64, s: string }");
    if (*says == '\0')
      EXPECT_EQ(actor.problems(), "") << in;
    else
      EXPECT_THAT(actor.problems(), HasSubstr(says)) << in;
  }
}

TEST(XgboostModel, what_is_no_model_is_refused) {
  LEAT_NEEDS_XGBOOST();
  const TempFolder folder;
  const auto broken = load(folder.write("broken.ubj", "no model"));
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::model_failed);
  EXPECT_EQ(broken.error().message.find("Stack trace"), std::string::npos) << broken.error().message;
  EXPECT_EQ(load(folder.path("none.ubj")).error().code, Code::model_missing);
}

}  // namespace
}  // namespace leat
