#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace leat {

/// A block of text, copied, and where quotes and backslashes stand in it: bit n for byte n.
struct CopiedBlock {
#if defined(__AVX512BW__)
  static constexpr std::size_t kBytes = 64;
#elif defined(__SSE2__)
  static constexpr std::size_t kBytes = 16;
#else
  static constexpr std::size_t kBytes = 8;
#endif
  std::uint64_t quotes = 0;
  std::uint64_t backslashes = 0;

  CopiedBlock(const char* from, std::byte* to) {
#if defined(__AVX512BW__)
    const __m512i block = _mm512_loadu_si512(from);
    _mm512_storeu_si512(to, block);
    quotes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('"'));
    backslashes = _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8('\\'));
#elif defined(__SSE2__)
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
    quotes = equal(block, '"');
    backslashes = equal(block, '\\');
#else
    std::memcpy(to, from, kBytes);
    for (std::size_t at = 0; at < kBytes; ++at) {
      quotes |= std::uint64_t{from[at] == '"'} << at;
      backslashes |= std::uint64_t{from[at] == '\\'} << at;
    }
#endif
  }

 private:
#if defined(__SSE2__) && !defined(__AVX512BW__)
  static std::uint64_t equal(__m128i block, char what) {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(what))));
  }
#endif
};

/// Copies a string of well-formed JSON as it stands, from behind its opening quote up to the closing one.
/// Null when it has an escape, else the end of the copy. Reads and writes up to kJsonPadding - 1 bytes
/// beyond.
inline std::byte* copy_plain_string(const char* from, std::byte* to) {
  for (;; from += CopiedBlock::kBytes, to += CopiedBlock::kBytes) {
    const CopiedBlock block(from, to);
    const std::uint64_t marks = block.quotes | block.backslashes;
    if (marks == 0) continue;
    const int at = std::countr_zero(marks);
    return ((block.quotes >> at) & 1) != 0 ? to + at : nullptr;
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
