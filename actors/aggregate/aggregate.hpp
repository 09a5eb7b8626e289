#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_aggregate(Registry& registry);

}  // namespace leat
