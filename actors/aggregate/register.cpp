#include "aggregate/register.hpp"

#include "aggregate/aggregate.hpp"
#include "aggregate/join.hpp"

namespace leat {

void register_aggregate_actors(Registry& registry) {
  register_aggregate(registry);
  register_join(registry);
}

}  // namespace leat
