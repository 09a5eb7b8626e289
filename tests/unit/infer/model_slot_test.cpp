#include "infer/model_slot.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <leat/testing.hpp>

#include "support/forests.hpp"
#include "support/version_folder.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;

class ModelSlotTest : public testing::VersionFolder {
 protected:
  ModelSource source() const { return {.name = {}, .path = folder_.path("risk")}; }
  ModelSlot slot() const { return ModelSlot(*load_model(*find_model(source(), "onnx"), {}), source(), {}); }
};

TEST_F(ModelSlotTest, a_new_version_takes_the_place_of_the_old_one) {
  ModelSlot models = slot();
  const ModelPtr old = models.model();
  models.look();
  EXPECT_EQ(models.generation(), 0u);  // nothing new
  add(2);
  models.look();
  EXPECT_EQ(models.generation(), 1u);
  EXPECT_TRUE(models.last_event().swapped);
  EXPECT_EQ(models.last_event().text, "model onnx/risk@2 takes the place of onnx/risk@1");
  EXPECT_EQ(models.model()->identity().version, "2");
  EXPECT_EQ(old->identity().version, "1");  // whoever asks it finishes with it
}

TEST_F(ModelSlotTest, what_is_current_counts_and_going_back_is_a_swap_too) {
  add(2);
  ModelSlot models = slot();
  ASSERT_EQ(models.model()->identity().version, "2");
  ASSERT_TRUE(pin_version(folder_.path("risk"), 1));
  models.look();
  EXPECT_EQ(models.model()->identity().version, "1");
}

TEST_F(ModelSlotTest, a_version_that_does_not_fit_changes_nothing_and_is_told_once) {
  ModelSlot models = slot();
  add(2, 3);
  models.look();
  EXPECT_FALSE(models.last_event().swapped);
  EXPECT_THAT(models.last_event().text,
              HasSubstr("model onnx/risk@2 is not taken, onnx/risk@1 goes on: it gives other outputs"));
  EXPECT_EQ(models.model()->identity().version, "1");
  models.look();
  EXPECT_EQ(models.generation(), 1u);
  std::filesystem::create_directories(folder_.path("risk/3"));
  folder_.write("risk/3/model.onnx", "broken");
  models.look();
  EXPECT_EQ(models.generation(), 2u);
  EXPECT_EQ(models.model()->identity().version, "1");
  add(4);
  models.look();
  EXPECT_EQ(models.model()->identity().version, "4");
}

TEST_F(ModelSlotTest, an_actor_answers_with_the_new_version_from_the_next_call_on) {
  ActorHarness actor("infer",
                     fmt::format("{{ engine: onnx, model: {}, watch: 1ms, map: {{ in: a, out: r }} }}",
                                 folder_.path("risk")),
                     "{ a: float64 }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"a":10})"));
  EXPECT_THAT(actor.take(), HasSubstr(R"("r_risk":10.0,"r_model":"onnx/risk@1")"));
  add(2);
  // The thread that looks is a real one: ask until it has.
  std::string out;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (out.find("@2") == std::string::npos && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    ASSERT_TRUE(actor.feed(R"({"a":10})"));
    out = actor.take();
    if (out.find("@2") == std::string::npos) {
      EXPECT_THAT(out, HasSubstr(R"("r_risk":10.0,"r_model":"onnx/risk@1")"));
    }
  }
  EXPECT_THAT(out, HasSubstr(R"("r_risk":20.0,"r_model":"onnx/risk@2")"));
}

TEST_F(ModelSlotTest, an_actor_that_asks_for_a_version_stays_with_it) {
  ActorHarness actor(
      "infer",
      fmt::format("{{ engine: onnx, model: {}, version: 1, watch: 1ms, map: {{ in: a, out: r }} }}",
                  folder_.path("risk")),
      "{ a: float64 }");
  ASSERT_EQ(actor.problems(), "");
  add(2);
  for (int tries = 0; tries < 50; ++tries) {
    std::this_thread::yield();
    ASSERT_TRUE(actor.feed(R"({"a":10})"));
    EXPECT_THAT(actor.take(), HasSubstr("onnx/risk@1"));
  }
}

}  // namespace
}  // namespace leat
