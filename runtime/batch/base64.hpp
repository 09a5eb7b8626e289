#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// RFC 4648, with padding.
void write_base64(std::string_view bytes, std::string& out);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace leat
