#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <leat/codec.hpp>
#include <leat/testing.hpp>
#include <random>

#include "infer/model_file.hpp"
#include "support/version_folder.hpp"

namespace leat {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// One lexicon reads titles, another bodies.
class OtherwiseTest : public ::testing::Test {
 protected:
  ActorHarness actor(const std::string& otherwise, const std::string& more = {}) const {
    return {"infer",
            fmt::format(
                "{{ engine: lexicon, model: {}, map: {{ in: title, out: {{ mood: label, sum: score }} }}, "
                "otherwise: {}{} }}",
                titles_, otherwise, more),
            "{ id: int64, title: 'string?', body: 'string?' }"};
  }
  std::string engine(const std::string& out = "{ sum: score, mood: label }") const {
    return fmt::format("{{ engine: lexicon, model: {}, map: {{ in: body, out: {} }} }}", bodies_, out);
  }
  static constexpr const char* kRows = R"({"id":1,"title":"profit","body":"gain"}
{"id":2,"title":null,"body":"gain"}
{"id":3,"title":"loss","body":null}
{"id":4,"title":null,"body":null}
{"id":5,"title":"profit","body":null})";

 private:
  testing::TempFolder folder_;
  std::string titles_ = folder_.write("titles.tsv", "profit\t2\nloss\t-3\n");
  std::string bodies_ = folder_.write("bodies.tsv", "gain\t4\n");
};

TEST_F(OtherwiseTest, another_engine_answers_in_the_rows_places_and_says_so) {
  ActorHarness harness = actor(engine());
  ASSERT_EQ(harness.problems(), "");
  ASSERT_TRUE(harness.feed(kRows));
  EXPECT_EQ(
      harness.take(),
      R"({"id":1,"title":"profit","body":"gain","mood":"positive","sum":2.0,"answered_by":"lexicon/titles"}
{"id":2,"title":null,"body":"gain","mood":"positive","sum":4.0,"answered_by":"lexicon/bodies"}
{"id":3,"title":"loss","body":null,"mood":"negative","sum":-3.0,"answered_by":"lexicon/titles"}
{"id":5,"title":"profit","body":null,"mood":"positive","sum":2.0,"answered_by":"lexicon/titles"}
)");
  EXPECT_EQ(harness.measured("otherwise_rows"), 1u);
}

TEST_F(OtherwiseTest, what_neither_can_answer_goes_to_errors_with_both_reasons_once) {
  ActorHarness harness = actor(engine());
  ASSERT_TRUE(harness.feed(kRows));
  const std::string errors = harness.take("errors");
  EXPECT_THAT(
      errors,
      AllOf(HasSubstr(R"(`title` is null; the model needs it; otherwise lexicon/bodies: `body` is null)"),
            HasSubstr(R"("id":4)")));
  EXPECT_EQ(errors.find('\n'), errors.size() - 1);
}

TEST_F(OtherwiseTest, a_port_takes_the_rows_as_they_came) {
  ActorHarness harness = actor("port");
  ASSERT_EQ(harness.problems(), "");
  ASSERT_TRUE(harness.feed(kRows));
  EXPECT_EQ(harness.take("otherwise"), R"({"id":2,"title":null,"body":"gain"}
{"id":4,"title":null,"body":null}
)");
  EXPECT_EQ(harness.take("errors"), "");
  EXPECT_THAT(harness.take(), AllOf(HasSubstr(R"("id":1)"), HasSubstr(R"("id":3)"), HasSubstr(R"("id":5)"),
                                    Not(HasSubstr(R"("id":2)"))));
  EXPECT_EQ(harness.measured("otherwise_rows"), 2u);
}

TEST_F(OtherwiseTest, answers_that_differ_in_name_or_type_are_refused_where_they_stand) {
  const std::pair<std::string, const char*> cases[] = {
      {engine("{ sum: score }"), "the engine gives `mood`, and `otherwise` does not"},
      {engine("{ sum: score, mood: score }"),
       "`mood` is string from the engine, and float64 from `otherwise`"},
      {engine("{ sum: score, mood: label, more: label }"),
       "`otherwise` gives `more`, and the engine does not"},
      {"{ engine: remote, map: { in: body, out: r } }", "answers in this process"},
      {"{ engine: lexicon, map: { in: body, out: r } }", "needs a `model`"},
      {"{ engine: lexicon, model: finance, map: { in: id, out: r } }", "int64"},
      {"prot", "did you mean `port`?"},
      {"{ engine: lexicon, modle: finance }", "did you mean `model`?"},
  };
  for (const auto& [otherwise, says] : cases) {
    const ActorHarness harness = actor(otherwise);
    EXPECT_THAT(harness.problems(), HasSubstr(says)) << otherwise;
  }
}

/// An engine that fails on a row of a call.
class OtherwiseAfterFailure : public testing::VersionFolder {};

TEST_F(OtherwiseAfterFailure, the_rows_of_a_call_that_fails_have_one_outcome_each) {
  add_picky(2);
  const std::string words = folder_.write("words.tsv", "profit\t2\n");
  ActorHarness actor(
      "infer",
      fmt::format("{{ engine: onnx, model: {}, map: {{ in: a, out: {{ r: risk }} }}, otherwise: {{ engine: "
                  "lexicon, model: {}, map: {{ in: title, out: {{ r: score }} }} }} }}",
                  folder_.path("risk"), words),
      "{ a: float64, title: 'string?' }");
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"a":0,"title":"profit"}
{"a":5,"title":"profit"}
{"a":1,"title":null}
{"a":6,"title":null}
{"a":1,"title":"profit"})"));
  EXPECT_EQ(actor.take(), R"({"a":0.0,"title":"profit","r":0.0,"answered_by":"onnx/risk@2"}
{"a":5.0,"title":"profit","r":2.0,"answered_by":"lexicon/words"}
{"a":1.0,"title":null,"r":2.0,"answered_by":"onnx/risk@2"}
{"a":1.0,"title":"profit","r":2.0,"answered_by":"onnx/risk@2"}
)");
  EXPECT_THAT(actor.take("errors"), HasSubstr("otherwise lexicon/words: `title` is null"));
}

TEST_F(OtherwiseAfterFailure, a_fallback_follows_swaps_as_the_actors_own_model_does) {
  ActorHarness actor(
      "infer",
      fmt::format(
          "{{ engine: onnx, model: {0}, version: 1, watch: 1ms, map: {{ in: a, out: {{ r: risk }} }}, "
          "otherwise: {{ engine: onnx, model: {0}, map: {{ in: b, out: {{ r: "
          "risk }} }} }} }}",
          folder_.path("risk")),
      "{ a: 'float64?', b: float64 }");
  ASSERT_EQ(actor.problems(), "");
  std::string out;
  const auto ask = [&] {
    EXPECT_TRUE(actor.feed(R"({"a":null,"b":10}
{"a":10,"b":0})"));
    out = actor.take();
    EXPECT_THAT(out, HasSubstr(R"({"a":10.0,"b":0.0,"r":10.0,"answered_by":"onnx/risk@1"})"));
  };
  ask();
  EXPECT_THAT(out, HasSubstr(R"("r":10.0,"answered_by":"onnx/risk@1"})"));
  add(2);
  // The thread that looks is a real one: ask until it has.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (out.find("@2") == std::string::npos && std::chrono::steady_clock::now() < deadline) ask();
  EXPECT_THAT(out, HasSubstr(R"({"a":null,"b":10.0,"r":20.0,"answered_by":"onnx/risk@2"})"));
}

/// Whoever fails, and whoever is asked: each row goes out or to `errors`, once, and those that go out in
/// order.
TEST_F(OtherwiseAfterFailure, every_row_has_one_outcome_whoever_fails_on_it) {
  add_picky(2);
  add_picky(3);
  ASSERT_TRUE(pin_version(folder_.path("risk"), 2));
  const std::string words = folder_.write("words.tsv", "profit\t2\n");
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const auto draw = [&](unsigned below) { return static_cast<int>(random() % below); };
    ActorHarness actor("infer",
                       fmt::format("{{ engine: onnx, model: {}, on_null: {}, map: {{ in: a, out: {{ r: risk "
                                   "}} }}, batch: {{ max: {}, "
                                   "delay: {} }}, canary: {{ version: 3, share: 40%, key: id, rollback: {{ "
                                   "errors: 20%, after: 40 }} "
                                   "}}, shadow: [{{ version: 3 }}], otherwise: {{ engine: lexicon, model: "
                                   "{}, map: {{ in: title, out: "
                                   "{{ r: score }} }} }} }}",
                                   folder_.path("risk"), draw(2) == 0 ? "keep" : "reject", 1 + draw(20),
                                   draw(2) == 0 ? "0s" : "1ms", words),
                       "{ id: int64, a: 'float64?', title: 'string?' }");
    ASSERT_EQ(actor.problems(), "") << seed;
    int fed = 0;
    std::vector<std::int64_t> out, errors;
    for (int batch = 0; batch < 8; ++batch) {
      std::string rows;
      for (int row = draw(30); row > 0; --row) {
        const char* const a[] = {"0", "1", "5", "null"};
        rows += fmt::format("{{\"id\":{},\"a\":{},\"title\":{}}}\n", fed++, a[draw(4)],
                            draw(3) == 0 ? "null" : "\"profit\"");
      }
      ASSERT_TRUE(actor.feed(rows));
      if (draw(3) == 0) {
        ASSERT_TRUE(actor.checkpoint());
      }
    }
    ASSERT_TRUE(actor.end());
    for (const Batch& batch : actor.take_batches())
      for (const std::int64_t id : batch.column("id")->int64s()) out.push_back(id);
    EXPECT_TRUE(std::ranges::is_sorted(out)) << seed;
    for (const Batch& batch : actor.take_batches("errors"))
      for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
        const std::string record = *msgpack_to_json(batch.column("record")->text(row));
        errors.push_back(std::stoll(record.substr(record.find("\"id\":") + 5)));
      }
    std::vector<std::int64_t> all = out;
    all.insert(all.end(), errors.begin(), errors.end());
    std::ranges::sort(all);
    ASSERT_EQ(all.size(), static_cast<std::size_t>(fed)) << seed;
    for (int id = 0; id < fed; ++id) ASSERT_EQ(all[static_cast<std::size_t>(id)], id) << seed;
  }
}

}  // namespace
}  // namespace leat
