#include <fmt/format.h>
#include <gmock/gmock.h>

#include <leat/testing.hpp>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;

/// A lexicon of its own, so that these tests need no download.
class Infer : public ::testing::Test {
 protected:
  std::string options(const std::string& more = {}) const {
    return fmt::format("{{ engine: lexicon, model: {}, map: {{ in: title, out: mood }}{} }}", lexicon_, more);
  }
  std::string schema_ = "{ id: int64, title: 'string?' }";

 private:
  testing::TempFolder folder_;
  std::string lexicon_ = folder_.write("words.tsv", "profit\t2\nloss\t-3\nso\t0\n");
};

TEST_F(Infer, adds_label_and_scores_to_every_row) {
  ActorHarness actor("infer", options(), schema_);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"id":1,"title":"Profit up"}
{"id":2,"title":"Loss, but profit"}
{"id":3,"title":"Nothing new"}
{"id":4,"title":""})"));
  EXPECT_EQ(
      actor.take(),
      R"({"id":1,"title":"Profit up","mood_label":"positive","mood_score":2.0,"mood_comparative":1.0,"mood_model":"lexicon/words"}
{"id":2,"title":"Loss, but profit","mood_label":"negative","mood_score":-1.0,"mood_comparative":-0.3333333333333333,"mood_model":"lexicon/words"}
{"id":3,"title":"Nothing new","mood_label":"neutral","mood_score":0.0,"mood_comparative":0.0,"mood_model":"lexicon/words"}
{"id":4,"title":"","mood_label":"neutral","mood_score":0.0,"mood_comparative":0.0,"mood_model":"lexicon/words"}
)");
}

TEST_F(Infer, thresholds_are_the_users) {
  ActorHarness actor("infer", options(", positive_at: 3, negative_at: -4"), schema_);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"id":1,"title":"profit"}
{"id":2,"title":"loss"}
{"id":3,"title":"profit profit"}
{"id":4,"title":"loss loss"})"));
  const std::string out = actor.take();
  EXPECT_THAT(out, HasSubstr(R"("title":"profit","mood_label":"neutral")"));
  EXPECT_THAT(out, HasSubstr(R"("title":"loss","mood_label":"neutral")"));
  EXPECT_THAT(out, HasSubstr(R"("title":"profit profit","mood_label":"positive")"));
  EXPECT_THAT(out, HasSubstr(R"("title":"loss loss","mood_label":"negative")"));
}

TEST_F(Infer, a_row_without_a_text_goes_to_errors) {
  ActorHarness actor("infer", options(), schema_);
  ASSERT_TRUE(actor.feed(R"({"id":1,"title":null}
{"id":2,"title":"profit"})"));
  EXPECT_THAT(actor.take("errors"), HasSubstr(R"("code":"missing_value")"));
  const std::string out = actor.take();
  EXPECT_THAT(out, HasSubstr(R"("id":2)"));
  EXPECT_THAT(out, ::testing::Not(HasSubstr(R"("id":1)")));
}

TEST_F(Infer, a_row_without_a_text_can_go_on_without_an_answer) {
  ActorHarness actor("infer", options(", on_null: keep"), schema_);
  ASSERT_EQ(actor.problems(), "");
  EXPECT_EQ(
      actor.output_schema()->text(),
      "{ id: int64, title: string?, mood_label: string?, mood_score: float64?, mood_comparative: float64?, "
      "mood_model: string }");
  ASSERT_TRUE(actor.feed(R"({"id":1,"title":null}
{"id":2,"title":"profit"})"));
  EXPECT_EQ(actor.take("errors"), "");
  EXPECT_THAT(
      actor.take(),
      HasSubstr(
          R"({"id":1,"title":null,"mood_label":null,"mood_score":null,"mood_comparative":null,"mood_model":"lexicon/words"})"));
}

TEST_F(Infer, a_row_whose_expression_fails_goes_to_errors) {
  ActorHarness actor(
      "infer", options().replace(options().find("in: title"), 9, "in: \"'loss '.substring(0, 4 / id)\""),
      schema_);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"id":0}
{"id":1})"));
  EXPECT_THAT(actor.take(), HasSubstr(R"("mood_score":-3.0)"));
  EXPECT_THAT(actor.take("errors"), HasSubstr(R"("code":"evaluation_failed")"));
}

TEST_F(Infer, the_text_must_be_a_string) {
  ActorHarness actor("infer", "{ engine: lexicon, model: finance, map: { in: id, out: mood } }", schema_);
  EXPECT_THAT(actor.problems(), HasSubstr("the model wants `text`, a text; the mapping gives int64"));
}

/// The ids among JSON lines.
std::string ids(const std::string& lines) {
  std::string found;
  for (std::size_t at = lines.find("\"id\":"); at != std::string::npos; at = lines.find("\"id\":", at + 1))
    found += lines[at + 5];
  return found;
}

TEST_F(Infer, rows_wait_for_others_until_the_call_is_full_or_the_delay_is_over) {
  using namespace std::chrono_literals;
  ActorHarness actor("infer", options(", batch: { max: 3, delay: 5ms }"), schema_);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"id":1,"title":"profit"})"));
  ASSERT_TRUE(actor.advance(4ms));
  EXPECT_EQ(ids(actor.take()), "");
  ASSERT_TRUE(actor.feed(R"({"id":2,"title":"loss"})"));
  ASSERT_TRUE(actor.advance(1ms));
  EXPECT_EQ(ids(actor.take()), "12");
  ASSERT_TRUE(actor.feed(R"({"id":3}
{"id":4,"title":"profit"}
{"id":5,"title":"profit"}
{"id":6,"title":"loss"})"));
  EXPECT_EQ(ids(actor.take()), "45");
  EXPECT_THAT(actor.take("errors"), HasSubstr("`title` is null"));
  ASSERT_TRUE(actor.end());
  EXPECT_EQ(ids(actor.take()), "6");
}

TEST_F(Infer, what_waits_belongs_before_a_barrier_and_holds_the_watermark) {
  using namespace std::chrono_literals;
  ActorHarness actor("infer", options(", batch: { delay: 1s }"), schema_);
  ASSERT_TRUE(actor.watermark(Time(10s)));
  ASSERT_TRUE(actor.feed(R"({"id":1,"title":"profit"})"));
  ASSERT_TRUE(actor.watermark(Time(20s)));
  EXPECT_EQ(actor.watermark_out(), Time(10s));
  ASSERT_TRUE(actor.checkpoint());
  EXPECT_EQ(ids(actor.take()), "1");
  EXPECT_EQ(actor.watermark_out(), Time(20s));
}

TEST_F(Infer, a_deadline_closes_a_batch_before_the_delay_does) {
  using namespace std::chrono_literals;
  ActorHarness actor("infer", options(", batch: { delay: 1s }, deadline: 200ms"), schema_);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"id":1,"title":"profit"})"));
  ASSERT_TRUE(actor.advance(50ms));
  EXPECT_EQ(ids(actor.take()), "");
  ASSERT_TRUE(actor.advance(150ms));
  EXPECT_EQ(ids(actor.take()), "1");
}

struct Refused {
  const char* options;
  const char* says;
};

TEST_F(Infer, what_cannot_run_is_refused_where_it_stands) {
  const Refused cases[] = {
      {"{ engine: lexicon, model: vadr, map: { in: title, out: mood } }", "did you mean `vader`"},
      {"{ engine: lexicon, model: nowhere/at/all.tsv, map: { in: title, out: mood } }", "L0801"},
      {"{ engine: remote, model: finance, map: { in: title, out: mood } }",
       "`model` means nothing to engine `remote`"},
      {"{ engine: onnx, model: finance, map: { in: title, out: mood } }", "has no built-in models"},
      {"{ engine: lexicon, model: finance, labels: [a], map: { in: title, out: mood } }",
       "`labels` means nothing to engine `lexicon`"},
      {"{ model: finance, map: { in: title, out: mood } }", "engine"},
      {"{ engine: lexikon, model: finance, map: { in: title, out: mood } }", "did you mean `lexicon`"},
      {"{ engine: lexicon, model: finance }", "map"},
      {"{ engine: lexicon, model: finance, map: { in: title } }", "out"},
      {"{ engine: lexicon, model: finance, map: { in: title, out: mood, form: x } }", "form"},
      {"{ engine: lexicon, map: { in: title, out: mood } }", "model"},
  };
  for (const Refused& refused : cases) {
    const ActorHarness actor("infer", refused.options, schema_);
    EXPECT_THAT(actor.problems(), HasSubstr(refused.says)) << refused.options;
  }
}

TEST_F(Infer, names_that_cannot_be_columns_are_refused) {
  for (const char* out : {"1st", "mo od", "mood.x", "''"}) {
    const ActorHarness actor("infer", options().replace(options().find("mood"), 4, out), schema_);
    EXPECT_THAT(actor.problems(), HasSubstr("cannot name a column")) << out;
  }
}

TEST_F(Infer, a_taken_name_is_refused) {
  const ActorHarness actor("infer", options(), "{ title: string, mood_score: float64 }");
  EXPECT_THAT(actor.problems(), HasSubstr("the input has a field `mood_score` already"));
}

TEST_F(Infer, thresholds_must_leave_room_for_neutral) {
  const ActorHarness actor("infer", options(", positive_at: -1, negative_at: 1"), schema_);
  EXPECT_THAT(actor.problems(), HasSubstr("must be above"));
}

}  // namespace
}  // namespace leat
