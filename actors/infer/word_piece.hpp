#pragma once

#include <leat/result.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "infer/words.hpp"

namespace leat {

/// BERT's tokenizer (J. Devlin et al., 2018): words are split at white space and punctuation, each ideograph
/// is a word, and a word is cut greedily into the longest pieces the vocabulary has. Immutable; any thread.
class WordPiece {
 public:
  struct Options {
    bool lower_case = true;      ///< "uncased" models; takes accents off, too
    std::uint32_t tokens = 512;  ///< most tokens of one text, [CLS] and [SEP] among them; the rest is cut off
  };

  /// One piece per line, its number is the line's; [UNK], [CLS], [SEP] and [PAD] must be among them.
  static Result<WordPiece> load(const std::string& vocab_file, Options options);
  static Result<WordPiece> make(std::span<const std::string> vocab, Options options);

  /// Appends [CLS], the text's pieces and [SEP].
  void encode(std::string_view text, std::vector<std::int64_t>& ids) const;
  /// The words before they are cut into pieces.
  std::vector<std::string> words(std::string_view text) const;

  std::int64_t padding() const { return padding_; }
  const Options& options() const { return options_; }
  /// How many pieces the vocabulary has: a model's embedding must have as many rows.
  std::size_t size() const { return pieces_.size() + continued_.size(); }

 private:
  WordPiece(Options options) : options_(options) {}
  template <class Word>
  void each_word(std::string_view text, Word&& word) const;
  bool append_pieces(std::string_view word, std::vector<std::int64_t>& ids, std::size_t ids_max) const;

  Options options_;
  words::Table<std::int64_t> pieces_;
  words::Table<std::int64_t> continued_;  // those that begin with ##, without it
  std::size_t longest_ = 0;               // bytes of the longest piece
  std::int64_t unknown_ = 0, begin_ = 0, end_ = 0, padding_ = 0;
};

}  // namespace leat
