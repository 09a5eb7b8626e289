#pragma once

namespace leat {

class Registry;
void register_publish_actors(Registry& registry);

}  // namespace leat
