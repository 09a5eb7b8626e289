#pragma once

#include <leat/result.hpp>

#include "control/control_message.hpp"

namespace leat {

/// A control message as it travels between processes: one protobuf message (proto/state.proto). `topology`
/// keeps two topologies apart that were given the same address.
std::string encode_control(const ControlMessage& message, const std::string& topology);

/// Total: any bytes give a message of this topology or an error.
Result<ControlMessage> decode_control(const std::string& bytes, const std::string& topology);

}  // namespace leat
