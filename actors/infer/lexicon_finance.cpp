#include "infer/lexicon_finance.hpp"

#include <algorithm>
#include <leat/batch_builder.hpp>

namespace leat {
namespace {

constexpr std::size_t kPhraseWordsMax = 8;

/// Bytes of the typographic punctuation mark at `at` (U+2010 to U+206F, which are dashes, quotes and dots,
/// and U+00A1 to U+00BF, which are signs); 0 if it is none.
std::size_t wide_mark_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<std::uint8_t>(text[at + offset]) : 0;
  };
  if (byte(0) == 0xC2 && byte(1) >= 0xA0 && byte(1) <= 0xBF) return 2;
  if (byte(0) != 0xE2) return 0;
  return byte(1) == 0x81 || (byte(1) == 0x80 && byte(2) >= 0x90) ? 3 : 0;
}

bool is_right_quote(std::string_view text, std::size_t at) {
  return text.substr(at, 3) == "\xE2\x80\x99";
}

bool joins_parts(char c) {
  return c == '-' || c == '\'';
}

/// Adds the words of a text to the line, one call per character.
template <class Word, class Gap>
void walk(std::string_view text, const Word& in_word, const Gap& gap) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = words::space_size(text, at);
    if (space != 0) {
      gap(true);
      at += space;
    } else if (is_right_quote(text, at)) {
      in_word("'");
      at += 3;
    } else if (const std::size_t mark = wide_mark_size(text, at); mark != 0) {
      gap(false);
      at += mark;
    } else {
      const std::size_t size = words::character_size(text, at);
      const char c = text[at];
      if (words::is_punctuation(c) && !joins_parts(c))
        gap(false);
      else
        in_word(text.substr(at, size));
      at += size;
    }
  }
}

}  // namespace

WordSumLexicon::WordSumLexicon(const std::vector<std::pair<std::string, double>>& entries) {
  for (const auto& [text, score] : entries) {
    std::string word;
    words::append_lower(text, word);
    longest_ = std::max(longest_, word.size());
    words_[word].score = score;
    const auto spaces = static_cast<std::size_t>(std::ranges::count(word, ' '));
    if (spaces == 0 || spaces >= kPhraseWordsMax) continue;
    std::uint8_t& most = words_[word.substr(0, word.find(' '))].phrase_words_max;
    most = std::max(most, static_cast<std::uint8_t>(spaces + 1));
  }
  signature_.inputs = {{"text", Type::string, 1, "a text", {}}};
  signature_.batch_rows = 4096;
  signature_.outputs = Schema::make({{"score", Type::float64, false}, {"comparative", Type::float64, false}});
}

void WordSumLexicon::split(std::string_view text, Scratch& scratch) {
  scratch.line.clear();
  scratch.tokens.clear();
  std::string& line = scratch.line;
  std::uint32_t begin = 0;
  bool only_space = false;  // since the last word
  const auto end_word = [&] {
    std::uint32_t first = begin;
    while (first < line.size() && joins_parts(line[first])) ++first;
    std::size_t end = line.size();
    while (end > first && joins_parts(line[end - 1])) --end;
    // Hyphens and quotes around a word are no part of it, but they do separate phrases.
    const bool trimmed_front = first != begin, trimmed_back = end != line.size();
    line.resize(end);
    if (first == end) {
      line.resize(begin);
      if (trimmed_front) only_space = false;
      return;
    }
    scratch.tokens.push_back({first, static_cast<std::uint32_t>(end), only_space && !trimmed_front});
    line.push_back(' ');
    begin = static_cast<std::uint32_t>(line.size());
    only_space = !trimmed_back;
  };
  walk(
      text, [&](std::string_view character) { words::append_lower(character, line); },
      [&](bool space) {
        if (line.size() > begin) end_word();
        if (!space) only_space = false;
      });
  if (line.size() > begin) end_word();
}

const WordSumLexicon::Entry* WordSumLexicon::find(std::string_view word) const {
  if (word.size() > longest_) return nullptr;
  const auto found = words_.find(word);
  return found == words_.end() ? nullptr : &found->second;
}

/// Adds the longest phrase that starts at a word and returns its number of words; 0 if none does.
std::size_t WordSumLexicon::add_phrase(const Scratch& scratch, std::size_t at, WordSum& sum) const {
  const std::vector<Token>& tokens = scratch.tokens;
  const auto text = [&](std::size_t last) {
    return std::string_view(scratch.line).substr(tokens[at].begin, tokens[last].end - tokens[at].begin);
  };
  const Entry* first = find(text(at));
  if (first == nullptr || first->phrase_words_max == 0) return 0;
  std::size_t count = 1;
  while (count < first->phrase_words_max && at + count < tokens.size() && tokens[at + count].joined) ++count;
  for (; count > 1; --count) {
    const Entry* phrase = find(text(at + count - 1));
    if (phrase == nullptr || !phrase->score) continue;
    sum.score += *phrase->score;
    ++sum.known;
    return count;
  }
  return 0;
}

void WordSumLexicon::add_parts(std::string_view word, WordSum& sum) const {
  if (const Entry* whole = find(word); whole != nullptr && whole->score) {
    sum.score += *whole->score;
    ++sum.known;
    return;
  }
  if (std::ranges::none_of(word, joins_parts)) return;
  for (std::size_t begin = 0; begin <= word.size();) {
    const std::size_t end = std::min(word.find_first_of("-'", begin), word.size());
    if (const Entry* part = find(word.substr(begin, end - begin)); part != nullptr && part->score) {
      sum.score += *part->score;
      ++sum.known;
    }
    begin = end + 1;
  }
}

WordSum WordSumLexicon::score(std::string_view text, Scratch& scratch) const {
  split(text, scratch);
  WordSum sum;
  sum.words = static_cast<std::uint32_t>(scratch.tokens.size());
  for (std::size_t at = 0; at < scratch.tokens.size();) {
    if (const std::size_t taken = add_phrase(scratch, at, sum); taken != 0) {
      at += taken;
      continue;
    }
    const Token& token = scratch.tokens[at++];
    add_parts(std::string_view(scratch.line).substr(token.begin, token.end - token.begin), sum);
  }
  return sum;
}

WordSum WordSumLexicon::score(std::string_view text) const {
  Scratch scratch;
  return score(text, scratch);
}

Result<Prediction> WordSumLexicon::predict(std::span<const Column> columns,
                                           std::span<const std::uint32_t>) const {
  BatchBuilder rows(signature_.outputs);
  Scratch scratch;
  const Column& texts = columns[0];
  for (std::uint32_t row = 0; row < texts.row_count(); ++row) {
    if (texts.is_null(row)) {
      rows.add(std::nullopt, std::nullopt);
      continue;
    }
    const WordSum sum = score(texts.text(row), scratch);
    rows.add(sum.score, sum.comparative());
  }
  return Prediction{rows.finish(), {}};
}

}  // namespace leat
