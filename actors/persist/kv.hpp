#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_persist_kv(Registry& registry);

}  // namespace leat
