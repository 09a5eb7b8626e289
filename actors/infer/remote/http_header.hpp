#pragma once

#include <leat/result.hpp>

namespace leat {

/// Whether a header of the user's can be sent: a name or a value that would break out of its line is refused,
/// and a name that belongs to the client.
Status check_header(std::string_view name, std::string_view value);

}  // namespace leat
