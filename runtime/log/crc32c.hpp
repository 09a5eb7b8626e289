#pragma once

#include <cstdint>
#include <string_view>

namespace leat {

/// CRC-32C (Castagnoli) of what `crc` stands for, continued by these bytes; 0 is nothing yet. Uses the
/// processor's instruction where there is one.
std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes);

/// The same without that instruction.
std::uint32_t crc32c_portable(std::uint32_t crc, std::string_view bytes);

}  // namespace leat
