#include "transform/register.hpp"

#include "transform/dedupe.hpp"
#include "transform/delay.hpp"
#include "transform/lookup.hpp"
#include "transform/merge.hpp"
#include "transform/sample.hpp"
#include "transform/throttle.hpp"
#include "transform/transform.hpp"

namespace leat {

void register_transform_actors(Registry& registry) {
  register_dedupe(registry);
  register_delay(registry);
  register_lookup(registry);
  register_merge(registry);
  register_sample(registry);
  register_throttle(registry);
  register_transform(registry);
}

}  // namespace leat
