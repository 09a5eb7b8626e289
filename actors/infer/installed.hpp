#pragma once

#include <span>
#include <string>

namespace leat {

/// Where a file that came with Leat, or was fetched by scripts/bootstrap, lies: `relative` names it below
/// `third_party` of a source tree, `installed` below the prefix of an installed Leat. Looks above the library
/// this code was loaded from; if there is none, the name it would have beside the sources.
std::string installed_file(const std::string& relative, const std::string& installed);

}  // namespace leat
