#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_join(Registry& registry);

}  // namespace leat
