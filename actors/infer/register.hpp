#pragma once

#include <leat/registry.hpp>

namespace leat {

/// infer and infer.language.
void register_infer_actors(Registry& registry);

}  // namespace leat
