#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `sample`: a share of the rows, or every n-th.
void register_sample(Registry& registry);

}  // namespace leat
