#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// What a tokenizer asks of Unicode. Tables: unicode_tables.cpp, made by scripts/unicode-tables.
namespace leat::unicode {

/// The character at `at`, and `at` moves behind it. U+FFFD for bytes that are no UTF-8.
char32_t next(std::string_view text, std::size_t& at);
void append(std::string& out, char32_t character);

/// Categories Cc, Cf and Co.
bool is_control(char32_t character);
/// Category Zs, and the line breaks and tab of ASCII.
bool is_space(char32_t character);
/// Category P, and every symbol of ASCII, as BERT has it.
bool is_punctuation(char32_t character);
/// The blocks of CJK ideographs that BERT takes apart (not Kana, not Hangul).
bool is_ideograph(char32_t character);
/// Lower case where that is one character, else the character itself.
char32_t lower(char32_t character);
/// Appends the canonical decomposition without its non-spacing marks: "é" is "e", a mark alone is nothing.
void append_without_accents(std::u32string& out, char32_t character);

namespace tables {
struct Range {
  char32_t first, last;
};
struct LowerRun {
  char32_t first, last;
  std::uint8_t step;
  std::int32_t difference;
};
struct Base {
  char32_t character, base;
};
struct LongBase {
  char32_t character;
  char32_t bases[3];  ///< zeros behind the last
};
std::span<const Range> marks();
std::span<const Range> punctuation();
std::span<const Range> controls();
std::span<const LowerRun> lower();
std::span<const Base> bases();
std::span<const LongBase> long_bases();
}  // namespace tables

}  // namespace leat::unicode
