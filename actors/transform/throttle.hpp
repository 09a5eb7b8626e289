#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `throttle`: at most so many rows per second, for each key or for all.
void register_throttle(Registry& registry);

}  // namespace leat
