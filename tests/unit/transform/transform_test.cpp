#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>
#include <random>

#include "transform/row_choice.hpp"

namespace leat {
namespace {

const std::string kSchema = "{ id: int64, word: string, score: 'float64?' }";
const std::string kThreeRows = R"({"id":1,"word":"a","score":0.5})"
                               "\n"
                               R"({"id":2,"word":"b","score":null})"
                               "\n"
                               R"({"id":3,"word":"a","score":2.5})"
                               "\n";

struct Case {
  const char* name;
  std::string options;
  std::string out;
  std::uint64_t dropped = 0;
};

class Transformed : public ::testing::TestWithParam<Case> {};

TEST_P(Transformed, rows_are_as_the_options_say) {
  ActorHarness transform("transform", GetParam().options, kSchema);
  ASSERT_EQ(transform.problems(), "");
  ASSERT_TRUE(transform.feed(kThreeRows));
  EXPECT_EQ(transform.take(), GetParam().out);
  EXPECT_EQ(transform.take("errors"), "");
  EXPECT_EQ(transform.dropped("where"), GetParam().dropped);
}

INSTANTIATE_TEST_SUITE_P(
    , Transformed,
    ::testing::Values(
        Case{"nothing", "{}", kThreeRows}, Case{"all_rows", "{ where: id > 0 }", kThreeRows},
        Case{"no_rows", "{ where: id > 9 }", "", 3},
        Case{"a_run_of_rows", "{ where: id < 2 }", "{\"id\":1,\"word\":\"a\",\"score\":0.5}\n", 2},
        Case{"scattered_rows", "{ where: 'word == \"a\"', select: { id: id } }", "{\"id\":1}\n{\"id\":3}\n",
             1},
        Case{"computed", "{ select: { twice: id * 2, w: word } }",
             "{\"twice\":2,\"w\":\"a\"}\n{\"twice\":4,\"w\":\"b\"}\n{\"twice\":6,\"w\":\"a\"}\n"},
        Case{"renamed", "{ select: { word: id, id: word }, where: id != 2 }",
             "{\"word\":1,\"id\":\"a\"}\n{\"word\":3,\"id\":\"a\"}\n", 1},
        Case{"extended", "{ extend: { next: id + 1 }, drop: [score, word] }",
             "{\"id\":1,\"next\":2}\n{\"id\":2,\"next\":3}\n{\"id\":3,\"next\":4}\n"},
        Case{"replaced_in_place", "{ extend: { word: id, id: id + 10 }, drop: score }",
             "{\"id\":11,\"word\":1}\n{\"id\":12,\"word\":2}\n{\"id\":13,\"word\":3}\n"},
        Case{"selected_and_extended", "{ select: { w: word }, extend: { id: id } }",
             "{\"w\":\"a\",\"id\":1}\n{\"w\":\"b\",\"id\":2}\n{\"w\":\"a\",\"id\":3}\n"},
        Case{"nullable_stays", "{ drop: [id, word] }",
             "{\"score\":0.5}\n{\"score\":null}\n{\"score\":2.5}\n"}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(Transform, drops_rows_whose_condition_is_null) {
  ActorHarness transform("transform", "{ where: 'flag' }", "{ id: int64, flag: 'bool?' }");
  ASSERT_EQ(transform.problems(), "");
  ASSERT_TRUE(transform.feed(R"({"id":1,"flag":true}
{"id":2,"flag":null}
{"id":3,"flag":false})"));
  EXPECT_EQ(transform.take(), "{\"id\":1,\"flag\":true}\n");
  EXPECT_EQ(transform.dropped("where"), 2u);
}

TEST(Transform, sends_a_row_by_the_first_route_that_is_true) {
  ActorHarness transform("transform", "{ routes: { low: id < 3, a: 'word == \"a\"' }, select: { id: id } }",
                         kSchema);
  ASSERT_EQ(transform.problems(), "");
  ASSERT_TRUE(transform.feed(kThreeRows + "{\"id\":4,\"word\":\"c\",\"score\":0}\n"));
  EXPECT_EQ(transform.take("low"), "{\"id\":1}\n{\"id\":2}\n");
  EXPECT_EQ(transform.take("a"), "{\"id\":3}\n");
  EXPECT_EQ(transform.take("out"), "{\"id\":4}\n");
}

TEST(Transform, routes_read_what_extend_has_made) {
  ActorHarness transform(
      "transform",
      "{ extend: { id: id * 10, sum: id + 1 }, routes: { big: id + sum > 30 }, drop: [word, score] }",
      kSchema);
  ASSERT_EQ(transform.problems(), "");
  ASSERT_TRUE(transform.feed(kThreeRows));
  EXPECT_EQ(transform.take("big"), "{\"id\":30,\"sum\":4}\n");
  EXPECT_EQ(transform.take("out"), "{\"id\":10,\"sum\":2}\n{\"id\":20,\"sum\":3}\n");
}

TEST(Transform, rejects_a_row_once_and_names_the_option) {
  ActorHarness transform(
      "transform",
      "{ where: '10 / id > 0', extend: { x: 10 / (id - 1), y: 10 / (id - 2), z: 10 / (id - 1) } }",
      "{ id: int64 }");
  ASSERT_EQ(transform.problems(), "");
  ASSERT_TRUE(transform.feed("{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n{\"id\":11}\n"));
  EXPECT_EQ(transform.take(), "{\"id\":3,\"x\":5,\"y\":10,\"z\":5}\n");
  const std::vector<Batch> errors = transform.take_batches("errors");
  std::vector<std::string> messages;
  for (const Batch& batch : errors)
    for (std::uint32_t row = 0; row < batch.row_count(); ++row)
      messages.emplace_back(batch.column("message")->text(row));
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_THAT(messages[0], ::testing::StartsWith("`where`: "));
  EXPECT_THAT(messages[1], ::testing::StartsWith("`extend.x`: "));
  EXPECT_THAT(messages[2], ::testing::StartsWith("`extend.y`: "));
  EXPECT_EQ(transform.dropped("where"), 1u);
}

TEST(Transform, does_not_evaluate_a_route_that_no_longer_matters) {
  ActorHarness transform("transform", "{ routes: { zero: id == 0, big: '10 / id > 2' } }", "{ id: int64 }");
  ASSERT_EQ(transform.problems(), "");
  ASSERT_TRUE(transform.feed("{\"id\":0}\n{\"id\":2}\n{\"id\":9}\n"));
  EXPECT_EQ(transform.take("zero"), "{\"id\":0}\n");
  EXPECT_EQ(transform.take("big"), "{\"id\":2}\n");
  EXPECT_EQ(transform.take("out"), "{\"id\":9}\n");
  EXPECT_EQ(transform.take("errors"), "");
}

TEST(Transform, evaluates_only_rows_that_pass) {
  ActorHarness transform("transform", "{ where: id != 0, select: { x: 10 / id } }", "{ id: int64 }");
  ASSERT_EQ(transform.problems(), "");
  ASSERT_TRUE(transform.feed("{\"id\":0}\n{\"id\":5}\n"));
  EXPECT_EQ(transform.take(), "{\"x\":2}\n");
  EXPECT_EQ(transform.take("errors"), "");
}

TEST(Transform, hands_on_what_it_does_not_change) {
  const auto first_cell = [](const std::string& options, const char* wanted) {
    ActorHarness transform("transform", options, "{ id: int64, word: string }");
    EXPECT_EQ(transform.problems(), "");
    BatchBuilder builder(transform.output_schema()->size() == 0
                             ? nullptr
                             : Schema::make({{"id", Type::int64}, {"word", Type::string}}));
    for (int row = 0; row < 10; ++row) builder.add(row, "w");
    const Batch batch = builder.finish();
    EXPECT_TRUE(transform.feed(batch));
    const std::vector<Batch> out = transform.take_batches();
    EXPECT_EQ(out.size(), 1u);
    return out.at(0).column(wanted)->text(0).data() ==
           batch.column("word")->text(10 - out.at(0).row_count()).data();
  };
  EXPECT_TRUE(first_cell("{}", "word"));
  EXPECT_TRUE(first_cell("{ where: id >= 0 }", "word"));
  EXPECT_TRUE(first_cell("{ where: id >= 4 }", "word"));
  EXPECT_TRUE(first_cell("{ select: { w: word } }", "w"));
  EXPECT_TRUE(first_cell("{ drop: id, extend: { x: id + 1 } }", "word"));
  EXPECT_FALSE(first_cell("{ where: id % 2 == 1 }", "word"));
}

TEST(Transform, declares_the_types_it_sends) {
  ActorHarness transform(
      "transform",
      "{ select: { a: id + 1, b: word, c: score, d: 'id > 1' }, extend: { e: double(id) }, drop: b }",
      kSchema);
  ASSERT_EQ(transform.problems(), "");
  EXPECT_EQ(transform.output_schema()->text(), "{ a: int64, c: float64?, d: bool, e: float64 }");
}

struct Problem {
  const char* name;
  std::string options;
  std::vector<std::string> shown;
};

class TransformProblems : public ::testing::TestWithParam<Problem> {};

TEST_P(TransformProblems, are_told_at_their_place) {
  ActorHarness transform("transform", GetParam().options, kSchema);
  for (const std::string& text : GetParam().shown)
    EXPECT_THAT(transform.problems(), ::testing::HasSubstr(text));
}

INSTANTIATE_TEST_SUITE_P(
    , TransformProblems,
    ::testing::Values(
        Problem{"unknown_key", "{ wheer: id > 1 }", {"wheer", "did you mean `where`?"}},
        Problem{"unknown_field", "{ where: idd > 1 }", {"idd", "did you mean `id`?"}},
        Problem{"not_bool", "{ where: id + 1 }", {"L0303"}},
        Problem{
            "unknown_drop", "{ drop: [wrod] }", {"no field named `wrod` to drop", "did you mean `word`?"}},
        Problem{"dropped_by_select", "{ select: { w: word }, drop: [id] }", {"no field named `id` to drop"}},
        Problem{"nothing_left", "{ drop: [id, word, score] }", {"nothing is left"}},
        Problem{"bad_column_name", "{ extend: { 'a b': id } }", {"`a b` cannot be the name of a column"}},
        Problem{"bad_port_name", "{ routes: { Big: id > 1 } }", {"`Big` cannot be the name of a port"}},
        Problem{"taken_port_name", "{ routes: { out: id > 1 } }", {"there is a port `out` already"}},
        Problem{"errors_is_taken", "{ routes: { errors: id > 1 } }", {"there is a port `errors` already"}},
        Problem{"route_not_bool", "{ routes: { big: id } }", {"L0303"}},
        Problem{"extend_does_not_see_itself", "{ extend: { a: id, b: a + 1 } }", {"L0302"}}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(RowChoice, takes_true_rows_that_did_not_fail) {
  BatchBuilder builder(Schema::make({{"flag", Type::boolean, true}}));
  for (const std::optional<bool> flag : {std::optional(true), std::optional<bool>(), std::optional(false),
                                         std::optional(true), std::optional(true)})
    builder.add(flag);
  const Batch batch = builder.finish();
  RowChoice choice;
  choice.choose_true({batch.column(0), {{3, {}}}});
  EXPECT_THAT(choice.rows(), ::testing::ElementsAre(0, 4));
  choice.choose_true({batch.slice(2, 3).column(0), {}});
  EXPECT_THAT(choice.rows(), ::testing::ElementsAre(1, 2));
  choice.choose_true({batch.slice(1, 2).column(0), {{0, {}}, {1, {}}}});
  EXPECT_THAT(choice.rows(), ::testing::ElementsAre());
}

TEST(RowChoice, takes_what_looking_at_each_row_takes) {
  std::mt19937 random(1);
  RowChoice choice;
  for (const bool nullable : {false, true}) {
    BatchBuilder builder(Schema::make({{"flag", Type::boolean, nullable}}));
    for (int row = 0; row < 1000; ++row) {
      // Stretches of one kind too: none and all of a word.
      const bool flag = row / 100 % 3 == 0 ? random() % 2 == 0 : row / 100 % 3 == 1;
      nullable&& random() % 5 == 0 ? builder.add(std::nullopt) : builder.add(flag);
    }
    const Batch batch = builder.finish();
    for (const std::uint32_t first : {0u, 3u, 8u, 64u, 127u, 136u})
      for (const std::uint32_t count : {0u, 1u, 63u, 64u, 65u, 128u, 700u}) {
        const Column flags = batch.slice(first, count).column(0);
        std::vector<std::uint32_t> expected;
        for (std::uint32_t row = 0; row < count; ++row)
          if (!flags.is_null(row) && flags.boolean(row)) expected.push_back(row);
        choice.choose_true({flags, {}});
        EXPECT_THAT(choice.rows(), ::testing::ElementsAreArray(expected)) << first << " " << count;
      }
  }
}

}  // namespace
}  // namespace leat
