#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `ingest.file`: rows of CSV, JSON lines and text files.
void register_ingest_file(Registry& registry);

}  // namespace leat
