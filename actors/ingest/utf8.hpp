#pragma once

#include <string_view>

namespace leat {

/// Whether a text is UTF-8 as Unicode defines it: shortest form, no surrogates, at most U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace leat
