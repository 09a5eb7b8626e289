#include <gmock/gmock.h>

#include <leat/testing.hpp>

namespace leat {
namespace {

using ::testing::HasSubstr;

const std::string kOptions = "{ map: { in: title, out: language } }";
const std::string kSchema = "{ id: int64, title: 'string?' }";

TEST(InferLanguage, adds_the_language_to_every_row) {
  ActorHarness actor("infer.language", kOptions, kSchema);
  ASSERT_EQ(actor.problems(), "");
  ASSERT_TRUE(actor.feed(R"({"id":1,"title":"Shares fall in London"}
{"id":2,"title":"Die Aktien fallen in London"})"));
  EXPECT_EQ(actor.take(), R"({"id":1,"title":"Shares fall in London","language":"en"}
{"id":2,"title":"Die Aktien fallen in London","language":"other"}
)");
}

TEST(InferLanguage, a_row_without_a_text_goes_to_errors_unless_kept) {
  ActorHarness rejecting("infer.language", kOptions, kSchema);
  ASSERT_TRUE(rejecting.feed(R"({"id":1,"title":null})"));
  EXPECT_THAT(rejecting.take("errors"), HasSubstr("missing_value"));
  EXPECT_EQ(rejecting.take(), "");

  ActorHarness keeping("infer.language", "{ map: { in: title, out: language }, on_null: keep }", kSchema);
  ASSERT_TRUE(keeping.feed(R"({"id":1,"title":null})"));
  EXPECT_EQ(keeping.take(), "{\"id\":1,\"title\":null,\"language\":null}\n");
}

TEST(InferLanguage, a_taken_name_is_refused) {
  const ActorHarness actor("infer.language", "{ map: { in: title, out: id } }", kSchema);
  EXPECT_THAT(actor.problems(), HasSubstr("the input has a field `id` already"));
}

}  // namespace
}  // namespace leat
