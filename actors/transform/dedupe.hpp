#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `dedupe`: of rows with one key that are close in time, the first.
void register_dedupe(Registry& registry);

}  // namespace leat
