#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_anomaly(Registry& registry);

}  // namespace leat
