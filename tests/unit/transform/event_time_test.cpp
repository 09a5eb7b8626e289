// The option `time` of kinds that work in time, as `dedupe` has it.
#include <leat/testing.hpp>

namespace leat {
namespace {

struct Case {
  const char* name;
  const char* time;
  const char* schema;
  const char* said;  ///< a part of the problem; empty: none
};

class TimeOption : public ::testing::TestWithParam<Case> {};

TEST_P(TimeOption, finds_its_field_or_names_the_candidates) {
  const ActorHarness dedupe("dedupe", std::string("{ key: id, within: 1s") + GetParam().time + " }",
                            GetParam().schema);
  EXPECT_THAT(dedupe.problems(), ::testing::HasSubstr(GetParam().said));
  EXPECT_EQ(dedupe.problems().empty(), std::string_view(GetParam().said).empty());
}

INSTANTIATE_TEST_SUITE_P(
    , TimeOption,
    ::testing::Values(
        Case{"the_only_timestamp", "", "{ id: int64, at: timestamp }", ""},
        Case{"no_timestamp", "", "{ id: int64, at: int64 }", "the input has no timestamp field"},
        Case{"processing_without_a_timestamp", ", time: processing", "{ id: int64 }", ""},
        Case{"several_timestamps", "", "{ id: int64, made: timestamp, seen: timestamp }",
             "one of: made, seen, or `processing`"},
        Case{"one_of_several", ", time: seen", "{ id: int64, made: timestamp, seen: timestamp }", ""},
        Case{"an_expression", ", time: 'timestamp(id)'", "{ id: int64 }", ""},
        Case{"another_type", ", time: id", "{ id: int64, at: timestamp }", "timestamp"},
        Case{"a_misspelt_field", ", time: sene", "{ id: int64, seen: timestamp }", "did you mean `seen`?"}),
    [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace leat
