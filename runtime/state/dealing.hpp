#pragma once

#include <leat/result.hpp>
#include <span>

#include "state/cell_state.hpp"

namespace leat {

/// An actor instance that wants to go on from a checkpoint.
struct WantedCell {
  std::string actor;
  std::string was;   ///< the actor's name before; empty: the same
  std::string kind;  ///< KindInfo::name
  std::uint32_t instance = 0;
  std::uint32_t instances = 1;
  bool rescales = false;  ///< KindInfo::rescales
};

/// Whether each wanted instance finds its own state, and nothing is left over.
bool fits(const std::map<CellName, CellState>& states, std::span<const WantedCell> wanted);

/// The states for each wanted instance, by position: its own, or all of its actor's when the number of
/// instances has changed; none for an actor that is new. `topology`: all its cells, on whatever host.
/// Error: state_mismatch, when state would be lost or can't be divided.
Result<std::vector<std::vector<CellState>>> deal_states(const std::map<CellName, CellState>& states,
                                                        std::span<const WantedCell> wanted,
                                                        std::span<const WantedCell> topology);

}  // namespace leat
