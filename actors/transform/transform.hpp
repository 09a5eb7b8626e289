#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `transform`: rows filtered, columns computed, rows routed.
void register_transform(Registry& registry);

}  // namespace leat
