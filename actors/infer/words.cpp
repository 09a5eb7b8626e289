#include "infer/words.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

namespace leat::words {
namespace {

constexpr std::size_t kLexiconWordsMax = 1'000'000;

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0;
}

Failure bad_line(const std::string& path, std::size_t line, std::string_view what) {
  return fail(Code::model_failed,
              fmt::format("a lexicon line is a word, a tab and a score; this one has {}", what),
              fmt::format("{}:{}", path, line));
}

}  // namespace

std::size_t character_size(std::string_view text, std::size_t at) {
  const std::uint8_t lead = byte_at(text, at);
  const std::size_t size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(size, text.size() - at);
}

std::size_t space_size(std::string_view text, std::size_t at) {
  const std::uint8_t first = byte_at(text, at);
  if (first < 0x80) return first == ' ' || (first >= '\t' && first <= '\r') ? 1 : 0;
  const std::uint8_t second = byte_at(text, at + 1);
  if (first == 0xC2) return second == 0xA0 ? 2 : 0;  // no-break space
  const std::uint8_t third = byte_at(text, at + 2);
  switch (first << 8 | second) {
    case 0xE19A:
      return third == 0x80 ? 3 : 0;  // ogham space
    case 0xE280:                     // U+2000 to U+200A, separators, narrow no-break space
      return (third >= 0x80 && third <= 0x8A) || third == 0xA8 || third == 0xA9 || third == 0xAF ? 3 : 0;
    case 0xE281:
      return third == 0x9F ? 3 : 0;  // mathematical space
    case 0xE380:
      return third == 0x80 ? 3 : 0;  // ideographic space
    case 0xEFBB:
      return third == 0xBF ? 3 : 0;  // byte order mark
    default:
      return 0;
  }
}

bool longer_than_one_unit(std::string_view text) {
  if (text.empty()) return false;
  const std::size_t first = character_size(text, 0);
  return first == 4 || first < text.size();
}

void append_lower(std::string_view text, std::string& out) {
  std::uint8_t before = 0;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    const bool ascii_upper = byte >= 'A' && byte <= 'Z';
    const bool latin_upper = before == 0xC3 && byte >= 0x80 && byte <= 0x9E && byte != 0x97;
    out.push_back(ascii_upper || latin_upper ? static_cast<char>(byte + 0x20) : c);
    before = byte;
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_punctuation(char c) {
  return c > ' ' && c < 0x7F && !is_digit(c) && !is_ascii_letter(c);
}

Result<std::vector<std::pair<std::string, double>>> read_lexicon(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    return fail(Code::model_missing, fmt::format("cannot open the lexicon: {}", std::strerror(errno)), path);
  std::vector<std::pair<std::string, double>> entries;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos || tab == 0) return bad_line(path, number, "no word before a tab");
    const std::size_t end = std::min(line.find('\t', tab + 1), line.size());
    double score = 0;
    const auto [stop, error] = std::from_chars(line.data() + tab + 1, line.data() + end, score);
    if (error != std::errc() || stop != line.data() + end || !(score >= -1e6 && score <= 1e6))
      return bad_line(path, number, "no number after the tab");
    if (entries.size() == kLexiconWordsMax)
      return fail(Code::model_failed, fmt::format("more than {} words", kLexiconWordsMax), path);
    entries.emplace_back(line.substr(0, tab), score);
  }
  if (file.bad()) return fail(Code::model_failed, "reading the lexicon failed half-way", path);
  if (entries.empty()) return fail(Code::model_failed, "the lexicon holds no words", path);
  return entries;
}

}  // namespace leat::words
