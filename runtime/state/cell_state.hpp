#pragma once

#include <leat/clock.hpp>
#include <map>
#include <string>

namespace leat {

/// What a checkpoint keeps of one actor instance.
struct CellState {
  std::map<std::string, std::string, std::less<>> parts;  ///< the actor's: StateWriter
  Time watermark = kTimeMin;                              ///< that stood at the barrier
  Time event_time_max = kTimeMin;                         ///< sources: the latest event time sent
  bool ended = false;                                     ///< its stream was over
};

}  // namespace leat
