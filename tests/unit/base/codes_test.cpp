#include <gtest/gtest.h>

#include <algorithm>
#include <leat/codes.hpp>
#include <set>

namespace leat {
namespace {

TEST(Codes, every_code_has_a_name_a_title_and_the_next_step) {
  std::set<std::string_view> names;
  for (const CodeInfo& info : all_codes()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.title.empty()) << info.name;
    EXPECT_NE(info.explain.find("Next: "), std::string_view::npos) << info.name;
    EXPECT_NE(info.explain.back(), '\n') << info.name;
    EXPECT_GE(std::ranges::count(info.explain, '\n'), 1) << info.name << ": why, and what next";
    EXPECT_LE(std::ranges::count(info.explain, '\n'), 5) << info.name;
  }
}

TEST(Codes, the_table_has_every_number_that_the_header_declares) {
  for (const Code code : {Code::invalid_yaml, Code::too_large, Code::feature_missing, Code::evaluation_failed,
                          Code::insecure_link, Code::late_record, Code::address_in_use, Code::input_missing,
                          Code::model_failed, Code::stopped})
    EXPECT_EQ(describe(code).code, code) << code_number(code);
  EXPECT_EQ(all_codes().size(), 55u);
}

TEST(Codes, numbers_have_four_digits) {
  EXPECT_EQ(code_number(Code::unknown_actor), "L0204");
}

TEST(Codes, an_unknown_number_is_described_as_internal) {
  EXPECT_EQ(describe(static_cast<Code>(999)).code, Code::internal);
}

}  // namespace
}  // namespace leat
