#pragma once

namespace leat {

class Registry;
void register_anomaly_actors(Registry& registry);

}  // namespace leat
