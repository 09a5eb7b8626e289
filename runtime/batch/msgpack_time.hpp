#pragma once

#include <leat/clock.hpp>
#include <optional>
#include <string>

namespace leat {

/// The MessagePack standard's timestamp extension.
inline constexpr std::int8_t kTimestampExtension = -1;

/// Appends the 96-bit form.
void pack_time(Time time, std::string& out);
/// The body of any of the three forms; nullopt if it is none, or beyond what Time can say.
std::optional<Time> unpack_time(std::string_view body);

}  // namespace leat
