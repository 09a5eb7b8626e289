#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `ingest.stdin`.
void register_ingest_stdin(Registry& registry);

}  // namespace leat
