#include "infer/asking.hpp"

#include <gmock/gmock.h>

#include <leat/batch_builder.hpp>
#include <set>

namespace leat {
namespace {

using ::testing::ElementsAre;

/// Doubles numbers; a call with one of the poisons fails as a whole, and negative rows fail alone.
class Doubling final : public Model {
 public:
  explicit Doubling(std::set<std::int64_t> poisons) : poisons_(std::move(poisons)) {
    signature_.inputs = {{"n", Type::int64, 1, "int64[?]", {}}};
    signature_.outputs = Schema::make({{"twice", Type::int64}, {"text", Type::string}});
  }
  const ModelSignature& signature() const override { return signature_; }
  Result<Prediction> predict(std::span<const Column> columns, std::span<const std::uint32_t>) const override {
    ++calls;
    BatchBuilder rows(signature_.outputs);
    Prediction prediction;
    for (std::uint32_t row = 0; row < columns[0].row_count(); ++row) {
      const std::int64_t value = columns[0].int64(row);
      if (poisons_.contains(value)) return fail(Code::model_failed, "poison");
      if (value < 0) prediction.failed.push_back({row, {Code::model_failed, "negative", {}}});
      rows.add(2 * value, std::to_string(value));
    }
    prediction.outputs = rows.finish();
    return prediction;
  }
  mutable int calls = 0;

 private:
  std::set<std::int64_t> poisons_;
  ModelSignature signature_;
};

Prediction ask_about(const Model& model, std::initializer_list<std::int64_t> values,
                     std::uint32_t call_rows = Batch::kRowsMax) {
  BatchBuilder rows(Schema::make({{"n", Type::int64}}));
  for (const std::int64_t value : values) rows.add(value);
  const Batch batch = rows.finish();
  const std::uint32_t one = 1;
  return ask(model, batch.columns(), {&one, 1}, call_rows);
}

std::vector<std::uint32_t> failed(const Prediction& prediction) {
  std::vector<std::uint32_t> rows;
  for (const Evaluated::Failed& failure : prediction.failed) rows.push_back(failure.row);
  return rows;
}

TEST(Asking, one_call_when_nothing_fails) {
  const Doubling model({});
  EXPECT_THAT(ask_about(model, {1, 2, 3}).outputs.column(0).int64s(), ElementsAre(2, 4, 6));
  EXPECT_EQ(model.calls, 1);
}

TEST(Asking, more_rows_than_a_call_takes_are_asked_about_in_several_and_stay_in_order) {
  const Doubling model({5});
  const Prediction prediction = ask_about(model, {1, 2, 3, 4, 5, 6, 7}, 3);
  EXPECT_THAT(failed(prediction), ElementsAre(4));
  ASSERT_EQ(prediction.outputs.row_count(), 7u);
  for (const std::uint32_t row : {0, 1, 2, 3, 5, 6})
    EXPECT_EQ(prediction.outputs.column(0).int64(row), 2 * (row + 1));
  EXPECT_EQ(model.calls, 3 + 4);  // the second of three calls is halved twice
}

TEST(Asking, the_row_that_makes_a_call_fail_stands_alone_in_the_end) {
  const Doubling model({5});
  const Prediction prediction = ask_about(model, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_THAT(failed(prediction), ElementsAre(4));
  ASSERT_EQ(prediction.outputs.row_count(), 8u);
  for (const std::uint32_t row : {0, 1, 2, 3, 5, 6, 7}) {
    EXPECT_EQ(prediction.outputs.column(0).int64(row), 2 * (row + 1));
    EXPECT_EQ(prediction.outputs.column(1).text(row), std::to_string(row + 1));
  }
  EXPECT_EQ(model.calls, 7);  // the whole, and two on each of three levels
}

TEST(Asking, several_poisons_and_rows_that_fail_alone_are_all_told_in_order) {
  const Doubling model({1, 9});
  EXPECT_THAT(failed(ask_about(model, {1, -1, 3, 9, -2, 5})), ElementsAre(0, 1, 3, 4));
}

TEST(Asking, a_model_that_always_fails_fails_every_row) {
  const Doubling model({1, 2, 3});
  EXPECT_THAT(failed(ask_about(model, {1, 2, 3})), ElementsAre(0, 1, 2));
  EXPECT_THAT(failed(ask_about(model, {2})), ElementsAre(0));
}

}  // namespace
}  // namespace leat
