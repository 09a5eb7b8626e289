#include "batch/base64.hpp"

#include <array>
#include <cstdint>

namespace leat {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto kValues = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t at = 0; at < kAlphabet.size(); ++at)
    values[static_cast<unsigned char>(kAlphabet[at])] = static_cast<std::int8_t>(at);
  return values;
}();

}  // namespace

void write_base64(std::string_view bytes, std::string& out) {
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t byte = 0; byte < 3; ++byte)
      group = group << 8 | (at + byte < bytes.size() ? static_cast<unsigned char>(bytes[at + byte]) : 0u);
    for (std::size_t digit = 0; digit < 4; ++digit)
      out += at + digit <= bytes.size() ? kAlphabet[group >> (18 - 6 * digit) & 63] : '=';
  }
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    const int padding = !last || text[at + 3] != '=' ? 0 : text[at + 2] == '=' ? 2 : 1;
    std::uint32_t group = 0;
    for (int digit = 0; digit < 4; ++digit) {
      const int value = digit >= 4 - padding
                            ? 0
                            : kValues[static_cast<unsigned char>(text[at + static_cast<std::size_t>(digit)])];
      if (value < 0) return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    for (int byte = 0; byte < 3 - padding; ++byte)
      bytes += static_cast<char>(group >> (16 - 8 * byte) & 0xff);
  }
  return bytes;
}

}  // namespace leat
