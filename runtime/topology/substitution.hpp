#pragma once

#include "topology/loader.hpp"

namespace leat {

/// Replaces `${env:NAME}`, `${env:NAME=default}` and `${secret:NAME}` in all scalars below `node`; everything
/// else that looks like `${` is refused. The values of secrets are collected in `secrets`, so that they can
/// be masked.
void substitute(ConfigNode& node, const LoadOptions& options, std::vector<std::string>& secrets,
                Diagnostics& diagnostics);

}  // namespace leat
