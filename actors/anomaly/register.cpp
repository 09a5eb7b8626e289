#include "anomaly/register.hpp"

#include "anomaly/anomaly.hpp"

namespace leat {

void register_anomaly_actors(Registry& registry) {
  register_anomaly(registry);
}

}  // namespace leat
