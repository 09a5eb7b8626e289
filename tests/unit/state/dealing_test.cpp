#include "state/dealing.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

using States = std::map<CellName, CellState>;

CellState state(std::uint32_t instances, std::string text, std::string kind = "aggregate") {
  CellState state;
  state.instances = instances;
  state.kind = std::move(kind);
  if (!text.empty()) state.parts["windows"] = std::move(text);
  return state;
}
std::vector<WantedCell> cells(const std::string& actor, std::uint32_t instances, bool rescales = true) {
  std::vector<WantedCell> cells;
  for (std::uint32_t at = 0; at < instances; ++at)
    cells.push_back({actor, {}, "aggregate", at, instances, rescales});
  return cells;
}
std::vector<std::string> texts(const std::vector<CellState>& states) {
  std::vector<std::string> texts;
  for (const CellState& state : states) texts.push_back(state.parts.at("windows"));
  return texts;
}
std::string refusal(const States& states, const std::vector<WantedCell>& wanted) {
  const auto dealt = deal_states(states, wanted, wanted);
  if (dealt) return "dealt";
  EXPECT_EQ(dealt.error().code, Code::state_mismatch);
  return dealt.error().message;
}

TEST(Dealing, each_instance_gets_its_own_when_nothing_has_changed) {
  const States states{{{"sums", 0}, state(2, "a")}, {{"sums", 1}, state(2, "b")}};
  const auto wanted = cells("sums", 2);
  EXPECT_TRUE(fits(states, wanted));
  const auto dealt = deal_states(states, wanted, wanted);
  ASSERT_TRUE(dealt);
  EXPECT_EQ(texts((*dealt)[0]), std::vector<std::string>{"a"});
  EXPECT_EQ(texts((*dealt)[1]), std::vector<std::string>{"b"});
}

TEST(Dealing, each_instance_sees_all_states_when_their_number_has_changed) {
  const States states{{{"sums", 0}, state(2, "a")}, {{"sums", 1}, state(2, "b")}};
  for (const std::uint32_t now : {1u, 3u}) {
    const auto wanted = cells("sums", now);
    EXPECT_FALSE(fits(states, wanted));
    const auto dealt = deal_states(states, wanted, wanted);
    ASSERT_TRUE(dealt) << dealt.error().message;
    ASSERT_EQ(dealt->size(), now);
    for (const auto& share : *dealt) EXPECT_EQ(texts(share), (std::vector<std::string>{"a", "b"}));
  }
}

TEST(Dealing, a_state_that_cannot_be_divided_is_refused_with_the_number_it_had) {
  const States states{{{"sums", 0}, state(1, "a")}};
  EXPECT_EQ(refusal(states, cells("sums", 2, false)),
            "`sums` had 1 instances and has 2 now, and the state of aggregate can't be divided; set "
            "`instances: 1`, or start anew with `leat run --from none`");
}

TEST(Dealing, an_actor_without_state_may_have_any_number_of_instances) {
  const States states{{{"sums", 0}, state(1, "")}};
  const auto wanted = cells("sums", 4, false);
  const auto dealt = deal_states(states, wanted, wanted);
  ASSERT_TRUE(dealt) << dealt.error().message;
  EXPECT_EQ(dealt->size(), 4u);
}

TEST(Dealing, a_renamed_actor_finds_its_state_by_was) {
  const States states{{{"totals", 0}, state(1, "a")}};
  auto wanted = cells("sums", 1);
  EXPECT_NE(refusal(states, wanted).find("say `was: totals` there"), std::string::npos);
  wanted[0].was = "totals";
  const auto dealt = deal_states(states, wanted, wanted);
  ASSERT_TRUE(dealt) << dealt.error().message;
  EXPECT_EQ(texts((*dealt)[0]), std::vector<std::string>{"a"});
}

TEST(Dealing, an_actor_that_is_gone_is_missed_only_for_its_state) {
  EXPECT_NE(refusal({{{"old", 0}, state(1, "a")}}, cells("sums", 1)).find("has state of `old`"),
            std::string::npos);
  EXPECT_EQ(refusal({{{"old", 0}, state(1, "")}}, cells("sums", 1)), "dealt");
}

TEST(Dealing, an_actor_that_became_another_kind_is_refused) {
  EXPECT_NE(refusal({{{"sums", 0}, state(1, "a", "dedupe")}}, cells("sums", 1))
                .find("was dedupe and is aggregate now"),
            std::string::npos);
}

TEST(Dealing, a_part_that_lies_on_another_host_is_asked_for) {
  EXPECT_NE(refusal({{{"sums", 1}, state(2, "b")}}, cells("sums", 1)).find("lacks instance 0 of 2"),
            std::string::npos);
}

}  // namespace
}  // namespace leat
