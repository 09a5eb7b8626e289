#pragma once

#include <leat/clock.hpp>
#include <map>
#include <string>
#include <vector>

namespace leat {

/// What a checkpoint keeps of one actor instance.
struct CellState {
  std::map<std::string, std::string, std::less<>> parts;  ///< the actor's: StateWriter
  Time watermark = kTimeMin;                              ///< that stood at the barrier
  Time event_time_max = kTimeMin;                         ///< sources: the latest event time sent
  bool ended = false;                                     ///< its stream was over
  std::uint32_t instances = 1;                            ///< of the actor, then
  std::string kind;                                       ///< of the actor
};

/// What instances (in Plan::instances) go on from: each its own state, or, when their number has changed,
/// those of all that were.
using RestoredStates = std::map<std::size_t, std::vector<CellState>>;

/// Who a state belongs to: an actor's name and the number of its instance.
using CellName = std::pair<std::string, std::uint32_t>;

}  // namespace leat
