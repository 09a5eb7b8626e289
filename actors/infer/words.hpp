#pragma once

#include <leat/result.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace leat::words {

/// Lets an unordered_map of strings be asked with a string_view, so that a look-up allocates nothing.
struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class Value>
using Table = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

/// Bytes of the UTF-8 character that starts at `at`; 1 for bytes that start none.
std::size_t character_size(std::string_view text, std::size_t at);

/// Bytes of the white space character at `at` (Unicode's, as JavaScript's \s sees it); 0 if it is none.
std::size_t space_size(std::string_view text, std::size_t at);

/// Whether the text has two UTF-16 units or more: what the published scorers call longer than one character.
bool longer_than_one_unit(std::string_view text);

/// Lower case of ASCII and Latin-1 letters; other characters, and the text's length, stay as they are.
void append_lower(std::string_view text, std::string& out);

/// ASCII punctuation: what is neither letter, digit, space nor control character.
bool is_punctuation(char c);
bool is_digit(char c);
bool is_ascii_letter(char c);

/// Word and score of each line of a lexicon file: word, tab, score, and whatever else follows another tab.
/// model_missing when there is no such file, model_failed naming the line when one is malformed.
Result<std::vector<std::pair<std::string, double>>> read_lexicon(const std::string& path);

}  // namespace leat::words
