#include "ingest/register.hpp"

#include <leat/registry.hpp>

#include "aggregate/register.hpp"
#include "anomaly/register.hpp"
#include "infer/register.hpp"
#include "persist/register.hpp"
#include "publish/register.hpp"
#include "transform/register.hpp"

namespace leat {

void register_standard_actors(Registry& registry) {
  register_ingest_actors(registry);
  register_infer_actors(registry);
  register_persist_actors(registry);
  register_transform_actors(registry);
  register_aggregate_actors(registry);
  register_anomaly_actors(registry);
  register_publish_actors(registry);
}

}  // namespace leat
