#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `lookup`: columns of a table, from a file or another stream, for each row.
void register_lookup(Registry& registry);

}  // namespace leat
