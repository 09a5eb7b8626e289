#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `ingest.http`.
void register_ingest_http(Registry& registry);

}  // namespace leat
