#pragma once

#include <bit>
#include <cstdint>
#include <string>

namespace leat {

// msgpack-c packs a whole number as an integer even when it is a double. Types matter here (`2.0` is no `2`
// in CEL), so floats are written as the standard's float 64 and float 32.

inline void append_float64(double value, std::string& out) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  out += '\xcb';
  for (int at = 0; at < 8; ++at) out += static_cast<char>(bits >> (56 - 8 * at) & 0xff);
}

inline void append_float32(float value, std::string& out) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  out += '\xca';
  for (int at = 0; at < 4; ++at) out += static_cast<char>(bits >> (24 - 8 * at) & 0xff);
}

}  // namespace leat
