#include "infer/selection/shadow.hpp"

#include <gmock/gmock.h>

#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>

#include "infer/engines.hpp"
#include "support/version_folder.hpp"

namespace leat {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

Batch scores(std::initializer_list<double> values) {
  BatchBuilder rows(Schema::make({{"score", Type::float64}}));
  for (const double value : values) rows.add(value);
  return rows.finish();
}

TEST(Agreement, numbers_within_the_tolerance_agree) {
  const Agreement found = compare_outputs(scores({0.1, 0.5, 0.9, 1}), scores({0.105, 0.5, 0.5, 1}), 0.01);
  EXPECT_EQ(found.rows, 4u);
  EXPECT_EQ(found.agreed, 3u);
  EXPECT_NEAR(found.difference_mean(), 0.405 / 4, 1e-9);
  EXPECT_NEAR(found.difference_most, 0.4, 1e-9);
}

TEST(Agreement, labels_decide_where_there_are_labels_and_what_only_one_has_counts_for_nothing) {
  BatchBuilder one(Schema::make({{"label", Type::string}, {"score", Type::float64}}));
  one.add("good", 0.9);
  one.add("bad", 0.8);
  one.add("good", 0.7);
  BatchBuilder other(Schema::make({{"other", Type::int64}, {"label", Type::string}, {"score", Type::int64}}));
  for (int row = 0; row < 3; ++row) other.add(row, "good", 1);
  const Agreement found = compare_outputs(one.finish(), other.finish(), 0.01);
  EXPECT_EQ(found.agreed, 2u);
  EXPECT_EQ(found.difference_most, 0);
  EXPECT_THAT(found.text(), HasSubstr("2 of 3 rows agree (66.7 %)"));
  EXPECT_FALSE(
      comparable(*scores({}).schema(), *Schema::make({{"score", Type::int64}, {"x", Type::float64}})));
}

TEST(Agreement, a_number_beside_none_is_a_disagreement_without_a_size) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const Agreement found = compare_outputs(scores({kNan, kNan, 1}), scores({kNan, 1, 1}), 0.01);
  EXPECT_EQ(found.agreed, 2u);
  EXPECT_EQ(found.difference_mean(), 0);
}

/// A model that answers when it is let.
class Gated final : public Model {
 public:
  Gated() : Model({"test", "gated", "", ""}) {
    signature_.inputs = {{"a"}};
    signature_.outputs = scores({}).schema();
  }
  const ModelSignature& signature() const override { return signature_; }
  Result<Prediction> predict(std::span<const Column> columns, std::span<const std::uint32_t>) const override {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return open_; });
    return Prediction{Batch(signature_.outputs, columns, columns[0].row_count()), {}};
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    ready_.notify_all();
  }

 private:
  ModelSignature signature_;
  mutable std::mutex mutex_;
  mutable std::condition_variable ready_;
  bool open_ = false;
};

TEST(Shadows, whoever_offers_rows_never_waits_and_what_finds_no_room_is_counted) {
  const auto model = std::make_shared<Gated>();
  const Batch rows = scores({1, 2, 3, 4});
  Expression a("score");
  ASSERT_FALSE(a.bind(rows.schema()));
  Shadows shadows({{model, {{a}, {1}}, 0.01}}, NullInput::reject, 10);
  for (int offer = 0; offer < 5; ++offer) shadows.offer(rows, rows);  // room for two
  EXPECT_FALSE(shadows.idle());
  EXPECT_EQ(shadows.counts().offered, 20u);
  EXPECT_EQ(shadows.counts().skipped, 12u);
  std::mutex mutex;
  std::condition_variable done;
  bool told = false;
  shadows.when_idle([&] {
    const std::lock_guard lock(mutex);
    told = true;
    done.notify_one();
  });
  model->open();
  std::unique_lock lock(mutex);
  ASSERT_TRUE(done.wait_for(lock, std::chrono::seconds(60), [&] { return told; }));
  EXPECT_TRUE(shadows.idle());
  EXPECT_EQ(shadows.counts().models[0].rows, 8u);
  EXPECT_EQ(shadows.counts().models[0].agreed, 8u);
}

TEST(Shadows, a_shadow_that_is_busy_holds_up_no_end) {
  const auto model = std::make_shared<Gated>();
  const Batch rows = scores({1});
  Expression a("score");
  ASSERT_FALSE(a.bind(rows.schema()));
  std::thread opener;
  {
    Shadows shadows({{model, {{a}, {1}}, 0.01}}, NullInput::reject, 10);
    for (int offer = 0; offer < 5; ++offer) shadows.offer(rows, rows);
    opener = std::thread([&] { model->open(); });
  }  // the call under way is waited for, those behind it are not
  opener.join();
}

class ShadowTest : public testing::VersionFolder {
 protected:
  std::string options(const std::string& shadow) const {
    return fmt::format("{{ engine: onnx, model: {}, version: 1, map: {{ in: a, out: r }}, shadow: {} }}",
                       folder_.path("risk"), shadow);
  }
  static constexpr const char* kSchema = "{ a: float64 }";
};

TEST_F(ShadowTest, rows_go_on_with_the_engines_answers_and_the_log_says_how_far_others_agree) {
  add(2);
  ActorHarness actor("infer", options("[{ version: 2 }, { version: 2, tolerance: 5 }]"), kSchema);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"a":0}
{"a":1}
{"a":3})"));
  EXPECT_THAT(actor.take(), HasSubstr(R"({"a":3.0,"r_risk":3.0,"r_model":"onnx/risk@1"})"));
  ASSERT_TRUE(actor.end());
  while (!actor.ended()) ASSERT_TRUE(actor.wait_woken(std::chrono::seconds(60)));
  EXPECT_EQ(actor.measured("shadow_rows"), 6u);
  EXPECT_EQ(actor.measured("shadow_agreed"), 4u);
  EXPECT_EQ(actor.measured("shadow_skipped"), 0u);
  EXPECT_THAT(actor.log(),
              Contains(HasSubstr("shadow onnx/risk@2 beside onnx/risk@1: 1 of 3 rows agree (33.3 %), "
                                 "their numbers differ by 1.333 on average and 3 at most; 0 failed")));
  EXPECT_THAT(actor.log(), Contains(HasSubstr("3 of 3 rows agree (100.0 %)")));
}

TEST_F(ShadowTest, rows_that_a_shadow_fails_on_are_counted_and_answered_all_the_same) {
  add_picky(2);
  ActorHarness actor("infer", options("[{ version: 2 }]"), kSchema);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"a":0}
{"a":7}
{"a":1})"));
  EXPECT_EQ(actor.take("errors"), "");
  ASSERT_TRUE(actor.end());
  while (!actor.ended()) ASSERT_TRUE(actor.wait_woken(std::chrono::seconds(60)));
  EXPECT_EQ(actor.measured("shadow_rows"), 2u);
  EXPECT_EQ(actor.measured("shadow_failed"), 1u);
}

TEST_F(ShadowTest, what_cannot_be_compared_is_refused_where_it_stands) {
  add(3, 3);
  const std::pair<const char*, const char*> cases[] = {
      {"[{ version: 9 }]", "there are: 1, 3"},
      {"[{ version: 3 }]", "nothing of one name and type to compare"},
      {"[{ engine: lexicon, model: finance }]", "the mapping gives"},
      {"[{ verison: 3 }]", "did you mean `version`"},
  };
  for (const auto& [shadow, says] : cases) {
    const ActorHarness actor("infer", options(shadow), kSchema);
    EXPECT_THAT(actor.problems(), HasSubstr(says)) << shadow;
  }
}

}  // namespace
}  // namespace leat
