#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_infer_language(Registry& registry);

}  // namespace leat
