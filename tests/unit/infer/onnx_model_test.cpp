#include "infer/onnx_model.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>

#include "infer/word_piece.hpp"
#include "support/onnx_models.hpp"

namespace leat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempFolder;
using testing::TinyBert;

Result<ModelPtr> load(const std::string& path, const ModelOptions& options = {}) {
  LEAT_TRY_ASSIGN(const ModelFile file, find_model({.path = path}, "onnx"));
  return load_model(file, options);
}

TEST(OnnxModel, columns_become_one_tensor) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  testing::write_linear(folder, "risk.onnx", {1, 10, 100}, 1);
  ActorHarness actor("infer",
                     fmt::format("{{ engine: onnx, model: {}, map: {{ in: [a, b, c], out: r }} }}",
                                 folder.path("risk.onnx")),
                     "{ a: float64, b: int64, c: bool }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"a":0.5,"b":2,"c":true}
{"a":1.5,"b":3,"c":false})"));
  EXPECT_EQ(actor.take(), R"({"a":0.5,"b":2,"c":true,"r_risk":120.5,"r_model":"onnx/risk"}
{"a":1.5,"b":3,"c":false,"r_risk":31.5,"r_model":"onnx/risk"}
)");
}

TEST(OnnxModel, outputs_can_be_named_by_expressions) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  testing::write_linear(folder, "risk.onnx", {1, 10}, 1);
  ActorHarness actor(
      "infer",
      fmt::format("{{ engine: onnx, model: {}, answered_by: who, map: {{ in: {{ features: [a, b] }}, out: {{ "
                  "score: risk * 2.0, high: risk > 20.0 }} }} }}",
                  folder.path("risk.onnx")),
      "{ a: int64, b: int64 }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"a":1,"b":2})"));
  EXPECT_EQ(actor.take(), "{\"a\":1,\"b\":2,\"score\":42.0,\"high\":true,\"who\":\"onnx/risk\"}\n");
}

TEST(OnnxModel, a_list_of_floats_is_a_row_and_labels_make_a_classifier) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  testing::write_linear(folder, "kind.onnx", {1, 0, 0, 1}, 2);  // the identity
  ActorHarness actor(
      "infer",
      fmt::format("{{ engine: onnx, model: {}, labels: [low, high], activation: softmax, answered_by: none, "
                  "map: {{ in: v, out: k }} }}",
                  folder.path("kind.onnx")),
      "{ v: list<float32> }");
  ASSERT_EQ(actor.problems(), "");
  EXPECT_EQ(actor.output_schema()->text(),
            "{ v: list<float32>, k_label: string, k_score: float64, k_probabilities: list<float32> }");
  ASSERT_TRUE(actor.feed(R"({"v":[0,0.6931472]}
{"v":[1,2,3]}
{"v":[1,0]})"));
  const std::string out = actor.take();
  EXPECT_THAT(out, HasSubstr(R"("k_label":"high","k_score":0.66666)"));
  EXPECT_THAT(out, HasSubstr(R"({"v":[1,0],"k_label":"low","k_score":0.7310)"));
  // The row of another length is found among the others and stands alone.
  EXPECT_THAT(actor.take("errors"), HasSubstr("a list of 3 values, where the model wants 2"));
}

TEST(OnnxModel, lists_that_begin_anywhere_in_memory_are_read_where_they_are) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  testing::write_linear(folder, "risk.onnx", {1, 10, 100}, 1);
  const auto model = load(folder.path("risk.onnx"));
  ASSERT_TRUE(model);
  BatchBuilder builder(Schema::make({{"v", Type::float32_list}}));
  constexpr std::uint32_t kMany = 64;
  for (std::uint32_t row = 0; row < kMany; ++row) {
    const std::vector<float> values(3, static_cast<float>(row));
    builder.add(std::span<const float>(values));
  }
  const Batch rows = builder.finish();
  const std::uint32_t count = 1;
  for (std::uint32_t first = 0; first < kMany; ++first) {
    const Column slice = rows.column(0).slice(first, kMany - first);
    const auto answers = (*model)->predict({&slice, 1}, {&count, 1});
    ASSERT_TRUE(answers);
    for (std::uint32_t row = 0; row < kMany - first; ++row)
      ASSERT_EQ(answers->outputs.column(0).float64s()[row], 111.0 * (first + row));
  }
}

TEST(OnnxModel, a_model_exported_for_one_row_is_asked_row_by_row) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  const auto model = load(testing::write_linear(folder, "one.onnx", {2}, 1, 1));
  ASSERT_TRUE(model) << model.error().text();
  BatchBuilder rows(Schema::make({{"a", Type::float64}}));
  for (const double a : {1.0, 2.0, 3.0}) rows.add(a);
  const auto prediction = (*model)->predict(rows.finish().column(0));
  ASSERT_TRUE(prediction) << prediction.error().text();
  EXPECT_THAT(prediction->outputs.column(0).float64s(), ElementsAre(2, 4, 6));
}

struct Refused {
  std::string map;
  const char* says;
};

TEST(OnnxModel, a_mapping_that_does_not_fit_is_refused_where_it_stands) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  testing::write_linear(folder, "risk.onnx", {1, 10, 100}, 1);
  const Refused cases[] = {
      {"{ in: [a, b], out: r }",
       "the model wants `features`, float32[?,3], 3 values per row; the mapping gives 2"},
      {"{ in: a, out: r }", "the mapping gives 1"},
      {"{ in: [a, b, s], out: r }", "the model wants `features`, float32[?,3]; the mapping gives string"},
      {"{ in: { featurs: [a, b, c] }, out: r }", "did you mean `features`?"},
      {"{ in: { features: [a, b, c], more: a }, out: r }", "the model has no input `more`"},
      {"{ in: [a, b, z], out: r }", "L0302"},
      {"{ in: [a, b, c], out: { s: rsk } }", "did you mean `risk`?"},
      {"{ in: [a, b, c], out: { 's t': risk } }", "`s t` cannot name a column"},
      {"{ in: [a, v], out: r }", "columns of one value each, or by one list<float32>"},
      {"{ in: [a, b, c], out: a }", ""},
      {"{ in: [a, b, c], out: { a: risk } }", "the input has a field `a` already"},
      {"{ in: [], out: r }", "at least one expression"},
  };
  for (const Refused& refused : cases) {
    const ActorHarness actor(
        "infer", fmt::format("{{ engine: onnx, model: {}, map: {} }}", folder.path("risk.onnx"), refused.map),
        "{ a: float64, b: int64, c: bool, s: string, v: list<float32> }");
    if (refused.says[0] == '\0')
      EXPECT_EQ(actor.problems(), "") << refused.map;
    else
      EXPECT_THAT(actor.problems(), HasSubstr(refused.says)) << refused.map;
  }
}

TEST(OnnxModel, what_is_no_model_is_refused_with_the_librarys_words) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  const auto broken = load(folder.write("broken.onnx", "no model"));
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::model_failed);
  EXPECT_THAT(broken.error().place, HasSubstr("broken.onnx"));
  EXPECT_EQ(load(folder.path("none.onnx")).error().code, Code::model_missing);
}

/// A folder as exporters leave it.
class TextFolder {
 public:
  TextFolder() {
    std::filesystem::create_directory(folder_.path("mood"));
    std::string lines;
    for (const std::string& piece : vocab_) lines += piece + "\n";
    folder_.write("mood/vocab.txt", lines);
    folder_.write("mood/config.json",
                  R"({"architectures":["BertForSequenceClassification"],"max_position_embeddings":8,)"
                  R"("id2label":{"0":"positive","1":"negative","2":"neutral"}})");
    bert_.write(folder_.path("mood/model.onnx"));
  }
  std::string path() const { return folder_.path("mood"); }
  const TinyBert& bert() const { return bert_; }
  std::vector<std::int64_t> ids(std::string_view text) const {
    std::vector<std::int64_t> ids;
    WordPiece::make(vocab_, {.tokens = 8})->encode(text, ids);
    return ids;
  }

  TempFolder folder_;

 private:
  std::vector<std::string> vocab_ = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "profit",
                                     "##s",   "loss",  "rise",  "."};
  TinyBert bert_{9};
};

TEST(OnnxText, a_folder_with_a_vocabulary_reads_texts) {
  LEAT_NEEDS_ONNX();
  const TextFolder folder;
  const auto model = load(folder.path());
  ASSERT_TRUE(model) << model.error().text();
  EXPECT_EQ((*model)->signature().outputs->text(),
            "{ label: string, score: float64, probabilities: list<float32> }");
  const std::string texts[] = {"Profits rise.", "", "loss", "profits rise . loss loss loss loss loss loss"};
  BatchBuilder rows(Schema::make({{"text", Type::string}}));
  for (const std::string& text : texts) rows.add(text);
  const auto prediction = (*model)->predict(rows.finish().column(0));
  ASSERT_TRUE(prediction) << prediction.error().text();
  for (std::uint32_t row = 0; row < 4; ++row) {
    // Padded to the longest of the call, each text has the logits that it has alone.
    const std::vector<float> logits = folder.bert().logits(folder.ids(texts[row]));
    float sum = 0;
    for (const float logit : logits) sum += std::exp(logit);
    const auto probabilities = prediction->outputs.column("probabilities")->floats(row);
    for (std::size_t label = 0; label < 3; ++label)
      EXPECT_NEAR(probabilities[label], std::exp(logits[label]) / sum, 1e-6) << texts[row] << " " << label;
    const auto best = static_cast<std::size_t>(std::ranges::max_element(logits) - logits.begin());
    EXPECT_EQ(prediction->outputs.column("label")->text(row),
              (std::vector<std::string>{"positive", "negative", "neutral"})[best]);
  }
  EXPECT_EQ(folder.ids(texts[3]).size(), 8u);  // cut to what the model can take
}

TEST(OnnxText, runs_by_pointing_at_the_folder) {
  LEAT_NEEDS_ONNX();
  const TextFolder folder;
  ActorHarness actor(
      "infer",
      fmt::format("{{ engine: onnx, model: {}, map: {{ in: title, out: mood }}, on_null: keep }}",
                  folder.path()),
      "{ title: 'string?' }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"title":"Profits rise"}
{"title":null})"));
  const std::string out = actor.take();
  EXPECT_THAT(out, HasSubstr(R"("mood_label":"negative","mood_score":0.4268)"));
  EXPECT_THAT(
      out,
      HasSubstr(
          R"({"title":null,"mood_label":null,"mood_score":null,"mood_probabilities":null,"mood_model":"onnx/mood"})"));
}

TEST(OnnxText, a_folder_that_does_not_fit_is_refused) {
  LEAT_NEEDS_ONNX();
  const TextFolder folder;
  folder.folder_.write("mood/config.json", "{\"id2label\": {\"0\": \"a\", \"1\": \"b\"}}");
  ActorHarness two("infer",
                   fmt::format("{{ engine: onnx, model: {}, map: {{ in: t, out: m }} }}", folder.path()),
                   "{ t: string }");
  ASSERT_EQ(two.problems(), "");
  ASSERT_TRUE(two.feed(R"({"t":"x"})"));
  EXPECT_THAT(two.take("errors"), HasSubstr("the model gives 3 values per row, and there are 2 labels"));
  testing::write_linear(folder.folder_, "mood/model.onnx", {1}, 1);
  const auto numbers = load(folder.path());
  ASSERT_FALSE(numbers);
  EXPECT_THAT(numbers.error().message, HasSubstr("a vocab.txt lies beside this model"));
  std::filesystem::remove(folder.path() + "/vocab.txt");
  EXPECT_TRUE(load(folder.path()));
}

}  // namespace
}  // namespace leat
