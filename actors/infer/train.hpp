#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_train(Registry& registry);

}  // namespace leat
