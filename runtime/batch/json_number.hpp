#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace leat {

/// The number that eight ASCII digits stand for, all at once; nothing if one of them is no digit. After
/// Johnny Lee and Daniel Lemire, "Quickly parsing eight digits" (2018).
inline std::optional<std::uint64_t> eight_digits(const char* text) {
  std::uint64_t digits;
  std::memcpy(&digits, text, sizeof digits);
  if (((digits & 0xf0f0f0f0f0f0f0f0) | (((digits + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) !=
      0x3333333333333333)
    return std::nullopt;
  digits -= 0x3030303030303030;
  digits = digits * 10 + (digits >> 8);  // pairs in every other byte
  return (((digits & 0x000000ff000000ff) * 0x000f424000000064) +
          (((digits >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >>
         32;
}

/// A JSON integer of at most 18 digits, with white space behind it. Nothing for whatever else stands there,
/// good or bad.
inline std::optional<std::int64_t> plain_integer(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  const bool negative = token.starts_with('-');
  if (negative) token.remove_prefix(1);
  if (token.empty() || token.size() > 18 || (token.front() == '0' && token.size() > 1)) return std::nullopt;
  std::uint64_t number = 0;
  for (; token.size() >= 8; token.remove_prefix(8)) {
    const std::optional<std::uint64_t> eight = eight_digits(token.data());
    if (!eight) return std::nullopt;
    number = number * 100'000'000 + *eight;
  }
  for (const char digit : token) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
}

}  // namespace leat
