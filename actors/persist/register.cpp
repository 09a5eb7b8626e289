#include "persist/register.hpp"

#include "persist/kv.hpp"

namespace leat {

void register_persist_actors(Registry& registry) {
  register_persist_kv(registry);
}

}  // namespace leat
