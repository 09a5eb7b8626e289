#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `ingest.zmq`.
void register_ingest_zmq(Registry& registry);

}  // namespace leat
