#include "batch/msgpack_time.hpp"

#include <string_view>

namespace leat {
namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace

// Nanoseconds, then signed seconds, big endian, behind the head "ext 8, 12 bytes, type -1".
void pack_time(Time time, std::string& out) {
  // In plain numbers: the first second of kTimeMin begins before what Time can say.
  constexpr std::int64_t kPerSecond = 1'000'000;
  const std::int64_t micros = time.time_since_epoch().count();
  const std::int64_t rest = (micros % kPerSecond + kPerSecond) % kPerSecond;
  const std::int64_t seconds = micros / kPerSecond - (micros % kPerSecond < 0 ? 1 : 0);
  const auto nanoseconds = static_cast<std::uint32_t>(rest * 1000);
  const auto count = static_cast<std::uint64_t>(seconds);
  out += "\xc7\x0c\xff";
  for (int at = 0; at < 4; ++at) out += static_cast<char>(nanoseconds >> (24 - 8 * at) & 0xff);
  for (int at = 0; at < 8; ++at) out += static_cast<char>(count >> (56 - 8 * at) & 0xff);
}

std::optional<Time> unpack_time(std::string_view body) {
  std::int64_t seconds = 0, nanoseconds = 0;
  if (body.size() == 4) {
    seconds = static_cast<std::int64_t>(big_endian(body));
  } else if (body.size() == 8) {
    const std::uint64_t both = big_endian(body);
    nanoseconds = static_cast<std::int64_t>(both >> 34);
    seconds = static_cast<std::int64_t>(both & 0x3ffffffffu);
  } else if (body.size() == 12) {
    nanoseconds = static_cast<std::int64_t>(big_endian(body.substr(0, 4)));
    seconds = static_cast<std::int64_t>(big_endian(body.substr(4)));
  } else {
    return std::nullopt;
  }
  if (nanoseconds > 999'999'999) return std::nullopt;
  std::int64_t micros = nanoseconds / 1000;
  // Towards zero first, so that the second of kTimeMin does not overflow on the way.
  if (seconds < 0 && micros > 0) {
    ++seconds;
    micros -= 1'000'000;
  }
  if (__builtin_mul_overflow(seconds, 1'000'000, &seconds) ||
      __builtin_add_overflow(seconds, micros, &micros))
    return std::nullopt;
  return Time(Duration(micros));
}

}  // namespace leat
