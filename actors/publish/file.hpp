#pragma once

#include <leat/registry.hpp>

namespace leat {

/// Adds `publish.file`: rows as lines of a file or of standard output.
void register_publish_file(Registry& registry);

}  // namespace leat
