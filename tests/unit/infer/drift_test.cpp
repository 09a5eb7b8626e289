#include "infer/drift.hpp"

#include <gmock/gmock.h>

#include <leat/testing.hpp>
#include <random>

#include "infer/model_file.hpp"
#include "support/forests.hpp"
#include "support/labelled.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::AllOf;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Lt;

/// Losses as of a model of rare events: mostly near nothing, now and then a whole one.
class Losses {
 public:
  explicit Losses(unsigned seed) : random_(seed) {}
  double next(double wrong) {
    std::uniform_real_distribution<double> draw(0, 1);
    return draw(random_) < wrong ? 0.5 + 0.5 * draw(random_) : 0.02 * draw(random_);
  }

 private:
  std::mt19937 random_;
};

TEST(DriftTest, a_stream_without_drift_sets_it_off_hardly_ever) {
  int alarms = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    Losses losses(seed);
    DriftTest test({});
    for (int row = 0; row < 50'000; ++row) alarms += test.add(losses.next(0.05));
  }
  EXPECT_LE(alarms, 1) << "in 2 million rows";
}

TEST(DriftTest, a_rise_is_found_soon_and_its_place_nearly) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    Losses losses(seed);
    DriftTest test({});
    for (int row = 0; row < 10'000; ++row) ASSERT_FALSE(test.add(losses.next(0.05))) << seed;
    std::uint64_t after = 0;
    while (!test.add(losses.next(0.12)) && after < 10'000) ++after;
    EXPECT_LT(after, 2'500u) << seed;
    EXPECT_THAT(test.since_change(), AllOf(Gt(after * 2 / 3), Lt(after + 2'000))) << seed;
    EXPECT_LT(test.usual(), 0.06);
    EXPECT_GT(test.recent(), test.usual() + 0.01);
  }
}

TEST(DriftTest, a_fall_a_freak_block_and_a_model_without_loss_are_no_drift) {
  Losses losses(1);
  DriftTest falls({});
  for (int row = 0; row < 10'000; ++row) ASSERT_FALSE(falls.add(losses.next(0.1)));
  for (int row = 0; row < 10'000; ++row) ASSERT_FALSE(falls.add(losses.next(0.01)));
  DriftTest freak({});
  for (int row = 0; row < 20'000; ++row) ASSERT_FALSE(freak.add(row / 100 == 150 ? 1.0 : losses.next(0.05)));
  DriftTest perfect({});
  for (int row = 0; row < 20'000; ++row) ASSERT_FALSE(perfect.add(row == 15'000 ? 1.0 : 0.0));
  bool found = false;
  for (int row = 0; row < 500 && !found; ++row) found = perfect.add(1.0);
  EXPECT_TRUE(found);
}

TEST(DriftTest, a_checkpoint_does_not_show) {
  Losses losses(2), same(2);
  DriftTest whole({}), parts({});
  for (int row = 0; row < 12'000; ++row) {
    const double wrong = row < 9'000 ? 0.05 : 0.2;
    ASSERT_EQ(whole.add(losses.next(wrong)), parts.add(same.next(wrong)));
    if (row % 777 != 0) continue;
    StateWriter writer;
    parts.save(writer);
    parts = DriftTest({});
    StateReader reader(writer.take());
    ASSERT_TRUE(parts.load(reader));
  }
  EXPECT_EQ(whole.since_change(), parts.since_change());
  StateReader nothing({});
  EXPECT_FALSE(parts.load(nothing));
}

/// `train` on a stream whose truth changes.
class TrainOnDrift : public ::testing::Test {
 protected:
  void SetUp() override { LEAT_NEEDS_XGBOOST(); }
  testing::TempFolder folder_;
  ActorHarness actor_{"train",
                      "{ model: " + folder_.path("risk") +
                          ", features: { a: a, b: b }, label: fraud, rounds: 20, depth: 3, on: drift }",
                      "{ a: float64, b: 'float64?', fraud: 'bool?' }"};

  std::string feed(const std::string& rows) {
    EXPECT_TRUE(actor_.feed(rows));
    EXPECT_TRUE(actor_.advance(std::chrono::seconds(1)));  // what was offloaded has come back
    return actor_.take();
  }
};

TEST_F(TrainOnDrift, the_first_version_comes_with_rows_enough_and_the_next_with_a_change_only) {
  ASSERT_EQ(actor_.problems(), "");
  EXPECT_EQ(feed(testing::labelled(1999, 1, 0.1)), "");
  EXPECT_THAT(feed(testing::labelled(1, 2, 0.1)),
              AllOf(HasSubstr(R"("version":1,"taken":true)"), HasSubstr(R"("because":"drift")")));
  for (unsigned part = 0; part < 20; ++part)
    ASSERT_EQ(feed(testing::labelled(500, 3 + part, 0.1)), "") << part;
  ASSERT_TRUE(actor_.restart());
  // From here on what was fraud is none, and the other way round.
  std::string report;
  std::uint64_t rows = 0;
  for (unsigned part = 0; part < 20 && report.empty(); ++part, rows += 500)
    report = feed(testing::labelled(500, 100 + part, 0.9));
  EXPECT_THAT(report, AllOf(HasSubstr(R"("version":2,"taken":true)"), HasSubstr(R"("because":"drift")")));
  EXPECT_LE(rows, 3'000u);
  EXPECT_THAT(actor_.log(), ::testing::Contains(HasSubstr("drift: model xgboost/risk@1 had a loss of 0.")));
  // What is learnt anew holds.
  for (unsigned part = 0; part < 20; ++part)
    ASSERT_EQ(feed(testing::labelled(500, 200 + part, 0.9)), "") << part;
}

TEST_F(TrainOnDrift, the_version_that_somebody_made_current_is_the_one_that_is_watched) {
  feed(testing::labelled(2000, 1, 0.1));
  std::string report;
  for (unsigned part = 0; part < 20; ++part) feed(testing::labelled(500, 3 + part, 0.1));
  for (unsigned part = 0; part < 20 && report.empty(); ++part)
    report = feed(testing::labelled(500, 100 + part, 0.9));
  ASSERT_THAT(report, HasSubstr(R"("version":2,"taken":true)"));
  for (unsigned part = 0; part < 10; ++part) feed(testing::labelled(500, 150 + part, 0.9));
  // The truth is as it was before, and so is the version: nothing has drifted, though version 2 would be
  // wrong.
  ASSERT_TRUE(pin_version(folder_.path("risk"), 1));
  for (unsigned part = 0; part < 20; ++part)
    ASSERT_EQ(feed(testing::labelled(500, 200 + part, 0.1)), "") << part;
}

}  // namespace
}  // namespace leat
