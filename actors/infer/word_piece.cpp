#include "infer/word_piece.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "infer/unicode.hpp"

namespace leat {
namespace {

constexpr std::size_t kPiecesMax = 10'000'000;
constexpr std::size_t kWordCharactersMax = 100;  // BERT takes longer words for unknown

}  // namespace

Result<WordPiece> WordPiece::load(const std::string& vocab_file, Options options) {
  std::ifstream file(vocab_file);
  if (!file) return fail(Code::model_missing, std::strerror(errno), vocab_file);
  std::vector<std::string> vocab;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (vocab.size() == kPiecesMax)
      return fail(Code::model_failed, fmt::format("more than {} lines", kPiecesMax), vocab_file);
    vocab.push_back(std::move(line));
  }
  Result<WordPiece> made = make(vocab, options);
  if (!made) return fail(made.error().code, made.error().message, vocab_file);
  return made;
}

Result<WordPiece> WordPiece::make(std::span<const std::string> vocab, Options options) {
  WordPiece made(options);
  for (std::size_t id = 0; id < vocab.size(); ++id) {
    std::string_view piece = vocab[id];
    const bool continued = piece.size() > 2 && piece.starts_with("##");
    if (continued) piece.remove_prefix(2);
    made.longest_ = std::max(made.longest_, piece.size());
    (continued ? made.continued_ : made.pieces_)
        .insert_or_assign(std::string(piece), static_cast<std::int64_t>(id));
  }
  const std::pair<const char*, std::int64_t*> wanted[] = {
      {"[UNK]", &made.unknown_}, {"[CLS]", &made.begin_}, {"[SEP]", &made.end_}, {"[PAD]", &made.padding_}};
  for (const auto& [name, id] : wanted) {
    const auto found = made.pieces_.find(std::string_view(name));
    if (found == made.pieces_.end())
      return fail(Code::model_failed,
                  fmt::format("the vocabulary has no {}: it is none of a BERT-like model", name));
    *id = found->second;
  }
  if (options.tokens < 3)
    return fail(Code::bad_value, "a text needs three tokens at least: [CLS], a piece and [SEP]");
  return made;
}

/// Calls `word(text)` for each; stops when it answers false.
template <class Word>
void WordPiece::each_word(std::string_view text, Word&& word) const {
  std::string current;
  std::u32string plain;
  const auto flush = [&] {
    const bool go_on = current.empty() || word(std::string_view(current));
    current.clear();
    return go_on;
  };
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = unicode::next(text, at);
    if (unicode::is_space(character)) {
      if (!flush()) return;
      continue;
    }
    if (character == 0 || character == 0xFFFD || unicode::is_control(character)) continue;
    plain.clear();
    if (options_.lower_case)
      unicode::append_without_accents(plain, character);
    else
      plain.push_back(character);
    for (char32_t letter : plain) {
      if (options_.lower_case) letter = unicode::lower(letter);
      const bool alone = unicode::is_punctuation(letter) || unicode::is_ideograph(character);
      if (alone && !flush()) return;
      unicode::append(current, letter);
      if (alone && !flush()) return;
    }
  }
  flush();
}

std::vector<std::string> WordPiece::words(std::string_view text) const {
  std::vector<std::string> found;
  each_word(text, [&](std::string_view word) {
    found.emplace_back(word);
    return true;
  });
  return found;
}

/// False when there is no room for more.
bool WordPiece::append_pieces(std::string_view word, std::vector<std::int64_t>& ids,
                              std::size_t ids_max) const {
  const std::size_t before = ids.size();
  const auto continues = [](char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) == 0x80; };
  const auto characters = static_cast<std::size_t>(std::ranges::count_if(word, std::not_fn(continues)));
  bool known = characters <= kWordCharactersMax;
  for (std::size_t at = 0; known && at < word.size();) {
    const auto& table = at == 0 ? pieces_ : continued_;
    std::size_t size = std::min(word.size() - at, longest_);
    auto piece = table.end();
    for (; size > 0; --size) {
      if (at + size < word.size() && continues(word[at + size])) continue;
      piece = table.find(word.substr(at, size));
      if (piece != table.end()) break;
    }
    known = piece != table.end();
    if (known) ids.push_back(piece->second);
    at += size;
  }
  if (!known) {
    ids.resize(before);
    ids.push_back(unknown_);
  }
  if (ids.size() > ids_max) ids.resize(ids_max);
  return ids.size() < ids_max;
}

void WordPiece::encode(std::string_view text, std::vector<std::int64_t>& ids) const {
  const std::size_t ids_max = ids.size() + options_.tokens - 1;
  ids.push_back(begin_);
  each_word(text, [&](std::string_view word) { return append_pieces(word, ids, ids_max); });
  ids.push_back(end_);
}

}  // namespace leat
