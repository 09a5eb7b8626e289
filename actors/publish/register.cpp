#include "publish/register.hpp"

#include "publish/feed.hpp"
#include "publish/file.hpp"

namespace leat {

void register_publish_actors(Registry& registry) {
  register_publish_feed(registry);
  register_publish_file(registry);
}

}  // namespace leat
