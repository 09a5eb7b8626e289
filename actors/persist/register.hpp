#pragma once

#include <leat/registry.hpp>

namespace leat {

/// persist.kv.
void register_persist_actors(Registry& registry);

}  // namespace leat
