#pragma once

#include <leat/result.hpp>

#include "state/cell_state.hpp"

namespace leat {

/// A host's part of a checkpoint as bytes:
///
///   "leat-ckp" | uint32 version (1) | uint32 states | per state: uint32 bytes | CellState
///   (proto/state.proto)
///
/// Integers are little endian.
std::string encode_snapshot(std::map<CellName, CellState> states);

/// Total: any bytes give states or an error.
Result<std::map<CellName, CellState>> decode_snapshot(std::string_view bytes);

}  // namespace leat
