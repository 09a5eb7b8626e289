#include "state/dealing.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

template <class... Args>
Failure mismatch(fmt::format_string<Args...> text, Args&&... args) {
  return fail(Code::state_mismatch,
              fmt::format(text, std::forward<Args>(args)...) + ", or start anew with `leat run --from none`");
}

// The name under which the actor's state is kept; null: it is new.
const std::string* name_in(const std::map<CellName, CellState>& states, const WantedCell& cell) {
  const auto knows = [&](const std::string& actor) {
    const auto first = states.lower_bound({actor, 0});
    return first != states.end() && first->first.first == actor;
  };
  if (knows(cell.actor)) return &cell.actor;
  return !cell.was.empty() && knows(cell.was) ? &cell.was : nullptr;
}

Status check_nothing_is_lost(const std::map<CellName, CellState>& states,
                             std::span<const WantedCell> topology) {
  std::vector<std::string> taken;
  for (const WantedCell& cell : topology)
    if (const std::string* name = name_in(states, cell)) taken.push_back(*name);
  for (const auto& [cell, state] : states)
    if (!state.parts.empty() && std::ranges::find(taken, cell.first) == taken.end())
      return mismatch(
          "the checkpoint has state of `{}`, which the topology has not; if it has another name now, say "
          "`was: {}` there",
          cell.first, cell.first);
  return {};
}

Result<std::vector<CellState>> states_of(const std::map<CellName, CellState>& states,
                                         const WantedCell& cell) {
  std::vector<CellState> dealt;
  const std::string* name = name_in(states, cell);
  if (name == nullptr) return dealt;
  const CellState& first = states.lower_bound({*name, 0})->second;
  const bool stateful = std::ranges::any_of(
      states, [&](const auto& one) { return one.first.first == *name && !one.second.parts.empty(); });
  if (stateful && !first.kind.empty() && first.kind != cell.kind)
    return mismatch("`{}` was {} and is {} now; give it another name", cell.actor, first.kind, cell.kind);
  if (first.instances != cell.instances && stateful && !cell.rescales)
    return mismatch(
        "`{}` had {} instances and has {} now, and the state of {} can't be divided; set `instances: {}`",
        cell.actor, first.instances, cell.instances, cell.kind, first.instances);
  const bool same = first.instances == cell.instances;
  for (std::uint32_t at = same ? cell.instance : 0; at < (same ? cell.instance + 1 : first.instances); ++at) {
    const auto state = states.find({*name, at});
    if (state == states.end())
      return mismatch("the checkpoint lacks instance {} of {} of `{}`; bring the parts of all hosts here", at,
                      first.instances, cell.actor);
    dealt.push_back(state->second);
  }
  return dealt;
}

}  // namespace

bool fits(const std::map<CellName, CellState>& states, std::span<const WantedCell> wanted) {
  return states.size() == wanted.size() && std::ranges::all_of(wanted, [&](const WantedCell& cell) {
           const auto state = states.find({cell.actor, cell.instance});
           return state != states.end() && state->second.instances == cell.instances;
         });
}

Result<std::vector<std::vector<CellState>>> deal_states(const std::map<CellName, CellState>& states,
                                                        std::span<const WantedCell> wanted,
                                                        std::span<const WantedCell> topology) {
  LEAT_TRY(check_nothing_is_lost(states, topology));
  std::vector<std::vector<CellState>> dealt;
  for (const WantedCell& cell : wanted) {
    LEAT_TRY_ASSIGN(dealt.emplace_back(), states_of(states, cell));
  }
  return dealt;
}

}  // namespace leat
