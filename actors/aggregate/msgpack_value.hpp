#pragma once

#include <leat/codec.hpp>

namespace leat {

/// Header of a MessagePack array, for values whose elements are written already.
inline void begin_msgpack_array(std::uint32_t count, std::string& out) {
  if (count < 16) {
    out += static_cast<char>(0x90 | count);
    return;
  }
  out += '\xdd';
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(count >> shift & 0xff);
}

inline std::string msgpack_of(const Column& values, std::uint32_t row) {
  std::string packed;
  write_msgpack(values, row, packed);
  return packed;
}

}  // namespace leat
