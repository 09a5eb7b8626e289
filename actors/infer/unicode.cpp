#include "infer/unicode.hpp"

#include <algorithm>

namespace leat::unicode {
namespace {

/// The last entry that begins at or before the character; null if there is none.
template <class Entry, class First>
const Entry* find(std::span<const Entry> table, char32_t character, First first) {
  const auto after = std::ranges::upper_bound(table, character, {}, first);
  return after == table.begin() ? nullptr : &*(after - 1);
}

bool in(std::span<const tables::Range> ranges, char32_t character) {
  const tables::Range* range = find(ranges, character, &tables::Range::first);
  return range != nullptr && character <= range->last;
}

constexpr char32_t kReplacement = 0xFFFD;

/// Length of a UTF-8 sequence by its first byte; 0 for a byte that begins none.
std::size_t sequence_size(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

}  // namespace

char32_t next(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<std::uint8_t>(text[at]);
  const std::size_t size = sequence_size(lead);
  if (size <= 1 || at + size > text.size()) {
    ++at;
    return size == 1 ? lead : kReplacement;
  }
  char32_t character = lead & (0xFF >> (size + 1));
  for (std::size_t more = 1; more < size; ++more) {
    const auto byte = static_cast<std::uint8_t>(text[at + more]);
    if ((byte & 0xC0) != 0x80) {
      ++at;
      return kReplacement;
    }
    character = character << 6 | (byte & 0x3F);
  }
  at += size;
  return character;
}

void append(std::string& out, char32_t character) {
  const auto add = [&](char32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (character < 0x80) return add(character);
  if (character < 0x800) {
    add(0xC0 | character >> 6);
  } else {
    if (character < 0x10000) {
      add(0xE0 | character >> 12);
    } else {
      add(0xF0 | character >> 18);
      add(0x80 | (character >> 12 & 0x3F));
    }
    add(0x80 | (character >> 6 & 0x3F));
  }
  add(0x80 | (character & 0x3F));
}

bool is_control(char32_t character) {
  if (character < 0x80) return character < 0x20 || character == 0x7F;
  return in(tables::controls(), character);
}

bool is_space(char32_t character) {
  if (character < 0x80)
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
  return character == 0xA0 || character == 0x1680 || (character >= 0x2000 && character <= 0x200A) ||
         character == 0x202F || character == 0x205F || character == 0x3000;
}

bool is_punctuation(char32_t character) {
  if (character < 0x80)
    return (character >= 33 && character <= 47) || (character >= 58 && character <= 64) ||
           (character >= 91 && character <= 96) || (character >= 123 && character <= 126);
  return in(tables::punctuation(), character);
}

bool is_ideograph(char32_t character) {
  static constexpr tables::Range kBlocks[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},
                                              {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F},
                                              {0x2B820, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  return character >= 0x3400 && in(kBlocks, character);
}

char32_t lower(char32_t character) {
  if (character < 0x80) return character >= 'A' && character <= 'Z' ? character + 32 : character;
  const tables::LowerRun* run = find(tables::lower(), character, &tables::LowerRun::first);
  const bool hit = run != nullptr && character <= run->last && (character - run->first) % run->step == 0;
  return hit ? static_cast<char32_t>(static_cast<std::int32_t>(character) + run->difference) : character;
}

void append_without_accents(std::u32string& out, char32_t character) {
  if (character < 0xC0) return out.push_back(character);
  if (character >= 0xAC00 && character <= 0xD7A3) {
    // A Hangul syllable stands for its letters: Unicode standard, 3.12.
    const char32_t index = character - 0xAC00;
    out.push_back(0x1100 + index / 588);
    out.push_back(0x1161 + index % 588 / 28);
    if (index % 28 != 0) out.push_back(0x11A7 + index % 28);
    return;
  }
  if (in(tables::marks(), character)) return;
  const tables::Base* base = find(tables::bases(), character, &tables::Base::character);
  if (base != nullptr && base->character == character) return out.push_back(base->base);
  const tables::LongBase* parts = find(tables::long_bases(), character, &tables::LongBase::character);
  if (parts == nullptr || parts->character != character) return out.push_back(character);
  for (const char32_t part : parts->bases)
    if (part != 0) out.push_back(part);
}

}  // namespace leat::unicode
