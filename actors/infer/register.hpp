#pragma once

#include <leat/registry.hpp>

namespace leat {

/// infer.text and infer.language.
void register_infer_actors(Registry& registry);

}  // namespace leat
