#include "batch/layout.hpp"

#include <bit>

namespace leat {

std::uint32_t count_bits(const std::uint8_t* bits, std::size_t first, std::size_t count) {
  std::uint32_t ones = 0;
  std::size_t at = first;
  const std::size_t end = first + count;
  for (; at < end && (at & 7) != 0; ++at) ones += get_bit(bits, at) ? 1 : 0;
  for (; at + 64 <= end; at += 64) {
    std::uint64_t word;
    std::memcpy(&word, bits + at / 8, sizeof word);
    ones += static_cast<std::uint32_t>(std::popcount(word));
  }
  for (; at < end; ++at) ones += get_bit(bits, at) ? 1 : 0;
  return ones;
}

void copy_bits(std::uint8_t* to, std::size_t to_first, const std::uint8_t* from, std::size_t from_first,
               std::size_t count) {
  if (count == 0) return;
  if ((to_first & 7) == 0 && (from_first & 7) == 0) {
    std::memcpy(to + to_first / 8, from + from_first / 8, count / 8);
    for (std::size_t at = count & ~std::size_t{7}; at < count; ++at)
      set_bit(to, to_first + at, get_bit(from, from_first + at));
    return;
  }
  for (std::size_t at = 0; at < count; ++at) set_bit(to, to_first + at, get_bit(from, from_first + at));
}

}  // namespace leat
