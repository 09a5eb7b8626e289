#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `merge`: several inputs as one stream in the order of event time.
void register_merge(Registry& registry);

}  // namespace leat
