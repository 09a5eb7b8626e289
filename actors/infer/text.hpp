#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_infer_text(Registry& registry);

}  // namespace leat
