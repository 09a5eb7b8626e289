#include "infer/model_file.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FindModel : public ::testing::Test {
 protected:
  void add(const std::string& name) {
    std::filesystem::create_directories(std::filesystem::path(folder_.path(name)).parent_path());
    folder_.write(name, "x");
  }
  std::string found(const std::string& path, const std::string& engine = {},
                    std::optional<std::uint64_t> version = {}) const {
    const Result<ModelFile> file = find_model({.name = {}, .path = folder_.path(path)}, engine, version);
    if (!file) return file.error().message;
    return file->identity.text() + " " + file->path().substr(folder_.path("").size());
  }
  testing::TempFolder folder_;
};

TEST_F(FindModel, files_and_folders_have_names) {
  add("risk/model.onnx");
  add("other/some.ubj");
  EXPECT_EQ(found("risk"), "onnx/risk risk/model.onnx");
  EXPECT_EQ(found("risk/"), "onnx/risk risk/model.onnx");
  EXPECT_EQ(found("risk/model.onnx"), "onnx/risk risk/model.onnx");
  EXPECT_EQ(found("other/some.ubj"), "xgboost/some other/some.ubj");
  EXPECT_THAT(found("other"), HasSubstr("no model is here: no lexicon.tsv, model.onnx"));
  EXPECT_THAT(found("risk", "xgboost"), HasSubstr("no model.ubj, model.json, xgboost.ubj, xgboost.json"));
}

TEST_F(FindModel, the_greatest_version_counts_unless_another_is_current_or_wanted) {
  add("risk/1/model.ubj");
  add("risk/2/model.json");
  add("risk/10/model.ubj");
  add("risk/11/notes.txt");   // no model
  add("risk/012/model.ubj");  // no version
  EXPECT_THAT(model_versions(folder_.path("risk"), "xgboost"), ElementsAre(1, 2, 10));
  EXPECT_EQ(found("risk", "xgboost"), "xgboost/risk@10 risk/10/model.ubj");
  EXPECT_EQ(found("risk", "xgboost", 1), "xgboost/risk@1 risk/1/model.ubj");
  ASSERT_TRUE(pin_version(folder_.path("risk"), 2));
  EXPECT_EQ(found("risk", "xgboost"), "xgboost/risk@2 risk/2/model.json");
  ASSERT_TRUE(pin_version(folder_.path("risk"), std::nullopt));
  EXPECT_EQ(found("risk", "xgboost"), "xgboost/risk@10 risk/10/model.ubj");
  EXPECT_EQ(found("risk", "xgboost", 3), "there is no version 3 with a model; there are: 1, 2, 10");
}

}  // namespace
}  // namespace leat
