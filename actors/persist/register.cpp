#include "persist/register.hpp"

#include "persist/deadletter.hpp"
#include "persist/kv.hpp"

namespace leat {

void register_persist_actors(Registry& registry) {
  register_persist_kv(registry);
  register_persist_deadletter(registry);
}

}  // namespace leat
