#pragma once

namespace leat {

class Registry;
void register_aggregate_actors(Registry& registry);

}  // namespace leat
