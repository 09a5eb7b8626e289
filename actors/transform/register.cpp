#include "transform/register.hpp"

#include "transform/transform.hpp"

namespace leat {

void register_transform_actors(Registry& registry) {
  register_transform(registry);
}

}  // namespace leat
