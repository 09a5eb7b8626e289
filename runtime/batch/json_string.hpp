#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace leat {

/// Copies a string of well-formed JSON as it stands, from behind its opening quote up to the closing one.
/// Null when it has an escape, else the end of the copy. Reads and writes up to 15 bytes beyond.
inline std::byte* copy_plain_string(const char* from, std::byte* to) {
  using Block = unsigned char __attribute__((vector_size(16)));
  for (;; from += sizeof(Block), to += sizeof(Block)) {
    Block block;
    std::memcpy(&block, from, sizeof block);
    std::memcpy(to, &block, sizeof block);
    const auto marks = (block == (Block{} + '"')) | (block == (Block{} + '\\'));
    std::uint64_t halves[2];
    std::memcpy(halves, &marks, sizeof halves);
    if ((halves[0] | halves[1]) == 0) continue;
    const int half = halves[0] == 0 ? 1 : 0;
    const int bits = std::endian::native == std::endian::little ? std::countr_zero(halves[half])
                                                                : std::countl_zero(halves[half]);
    const int at = 8 * half + bits / 8;
    return from[at] == '"' ? to + at : nullptr;
  }
}

/// The name of a field as it stands in JSON without escapes, to be compared with keys.
class JsonKey {
 public:
  explicit JsonKey(std::string_view name) : size_(name.size() + 1), text_(name) {
    text_ += '"';
    text_.resize((size_ + 7) / 8 * 8);
    last_mask_ = ~std::uint64_t{0};
    if (size_ % 8 != 0) {
      unsigned char mask[8] = {};
      std::memset(mask, 0xff, size_ % 8);
      std::memcpy(&last_mask_, mask, sizeof mask);
    }
  }
  /// `key`: behind its opening quote. Reads up to seven bytes beyond its end.
  bool is(const char* key) const {
    const char* name = text_.data();
    std::size_t left = size_;
    for (; left > 8; left -= 8, key += 8, name += 8)
      if (word(key) != word(name)) return false;
    return ((word(key) ^ word(name)) & last_mask_) == 0;
  }

 private:
  static std::uint64_t word(const char* at) {
    std::uint64_t bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
  }
  std::size_t size_;
  std::uint64_t last_mask_;
  std::string text_;  // with the closing quote, then zeros up to whole words
};

}  // namespace leat
