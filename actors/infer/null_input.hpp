#pragma once

#include <cstdint>

namespace leat {

/// What happens to a row when something the model reads of it is null.
enum class NullInput : std::uint8_t { reject, keep, missing };

}  // namespace leat
