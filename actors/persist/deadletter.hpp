#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `persist.deadletter`: keeps what failed, and sends it back when it is asked for.
void register_persist_deadletter(Registry& registry);

}  // namespace leat
