#include "ingest/register.hpp"

#include "ingest/file.hpp"
#include "ingest/generate.hpp"
#include "ingest/http.hpp"

namespace leat {

void register_ingest_actors(Registry& registry) {
  register_ingest_file(registry);
  register_ingest_generate(registry);
  register_ingest_http(registry);
}

}  // namespace leat
