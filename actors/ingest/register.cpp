#include "ingest/register.hpp"

#include "ingest/file.hpp"
#include "ingest/generate.hpp"

namespace leat {

void register_ingest_actors(Registry& registry) {
  register_ingest_file(registry);
  register_ingest_generate(registry);
}

}  // namespace leat
