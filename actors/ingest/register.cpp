#include "ingest/register.hpp"

#include "ingest/file.hpp"
#include "ingest/generate.hpp"
#include "ingest/http.hpp"
#include "ingest/stdin.hpp"
#include "ingest/zmq_source.hpp"

namespace leat {

void register_ingest_actors(Registry& registry) {
  register_ingest_file(registry);
  register_ingest_generate(registry);
  register_ingest_http(registry);
  register_ingest_stdin(registry);
  register_ingest_zmq(registry);
}

}  // namespace leat
