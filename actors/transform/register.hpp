#pragma once

namespace leat {

class Registry;
void register_transform_actors(Registry& registry);

}  // namespace leat
