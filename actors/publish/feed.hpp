#pragma once

#include <leat/registry.hpp>

namespace leat {

void register_publish_feed(Registry& registry);

}  // namespace leat
