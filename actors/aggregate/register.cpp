#include "aggregate/register.hpp"

#include "aggregate/aggregate.hpp"

namespace leat {

void register_aggregate_actors(Registry& registry) {
  register_aggregate(registry);
}

}  // namespace leat
