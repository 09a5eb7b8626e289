#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `ingest.generate`: rows made up from a seed.
void register_ingest_generate(Registry& registry);

}  // namespace leat
