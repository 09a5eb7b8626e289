#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_infer(Registry& registry);

}  // namespace leat
