#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `delay`: every row a fixed time later.
void register_delay(Registry& registry);

}  // namespace leat
