#include "infer/lexicons.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <leat/batch_builder.hpp>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

double score(const Model& model, std::string_view text) {
  BatchBuilder rows(Schema::make({{"text", Type::string, false}}));
  rows.add(text);
  const auto prediction = model.predict(rows.finish().column(0));
  EXPECT_TRUE(prediction);
  return prediction->outputs.column("score")->float64(0);
}

Result<ModelPtr> load(const ModelSource& source, const LexiconOptions& options = {}) {
  LEAT_TRY_ASSIGN(const ModelFile file, find_model(source, "lexicon"));
  return load_lexicon(file, options);
}

TEST(LoadLexicon, a_path_may_be_a_file_or_a_folder) {
  const testing::TempFolder folder;
  folder.write("lexicon.tsv", "good\t2\n");
  folder.write("other.tsv", "good\t3\n");
  const auto of_folder = load({.path = folder.path("")});
  const auto of_file = load({.path = folder.path("other.tsv")});
  ASSERT_TRUE(of_folder && of_file);
  EXPECT_EQ(score(**of_folder, "good"), 2);
  EXPECT_EQ(score(**of_file, "good"), 3);
}

TEST(LoadLexicon, the_rules_can_be_chosen) {
  const testing::TempFolder folder;
  const ModelSource source{.name = {}, .path = folder.write("l.tsv", "good\t1.9\n")};
  EXPECT_EQ(score(**load(source, {LexiconRules::sum}), "not good"), 1.9);
  EXPECT_LT(score(**load(source, {LexiconRules::vader}), "not good"), 0);
}

TEST(LoadLexicon, a_missing_built_in_one_names_the_file_and_the_script_that_fetches_it) {
  const testing::TempFolder folder;
  ASSERT_EQ(setenv("LEAT_LEXICONS", folder.path("").c_str(), 1), 0);
  const auto model = load({.name = "vader"});
  unsetenv("LEAT_LEXICONS");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::model_missing);
  EXPECT_THAT(model.error().place, ::testing::EndsWith("/vader.tsv"));
  EXPECT_THAT(model.error().message, ::testing::HasSubstr("scripts/bootstrap"));
}

}  // namespace
}  // namespace leat
