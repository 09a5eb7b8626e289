#pragma once

#include "infer/model.hpp"
#include "infer/words.hpp"

namespace leat {

struct WordSum {
  double score = 0;             ///< sum of the scores of all words and phrases found
  std::uint32_t words = 0;      ///< words in the text, known or not
  std::uint32_t known = 0;      ///< words and phrases found in the lexicon
  double comparative() const {  ///< score per word
    return words == 0 ? 0 : score / words;
  }
};

/// A list of words with scores, added up as the AFINN lists are meant to be (F. A. Nielsen, 2011): case does
/// not matter, a phrase of the list counts before its words, a hyphenated or apostrophised word counts as a
/// whole if the list has it and else by its parts. Immutable; any thread.
class WordSumLexicon final : public Model {
 public:
  explicit WordSumLexicon(const std::vector<std::pair<std::string, double>>& entries);

  WordSum score(std::string_view text) const;

  const ModelSignature& signature() const override { return signature_; }
  using Model::predict;
  Result<Prediction> predict(std::span<const Column> columns,
                             std::span<const std::uint32_t> counts) const override;

 private:
  struct Entry {
    std::optional<double> score;
    std::uint8_t phrase_words_max = 0;  // most words of a phrase that starts with this one
  };
  /// One word inside Scratch::line.
  struct Token {
    std::uint32_t begin, end;
    bool joined;  // only a space stands between the word before and this one
  };
  struct Scratch {
    std::string line;  // the words in lower case, one space between them
    std::vector<Token> tokens;
  };

  WordSum score(std::string_view text, Scratch& scratch) const;
  static void split(std::string_view text, Scratch& scratch);
  const Entry* find(std::string_view word) const;
  std::size_t add_phrase(const Scratch& scratch, std::size_t at, WordSum& sum) const;
  void add_parts(std::string_view word, WordSum& sum) const;

  words::Table<Entry> words_;
  std::size_t longest_ = 0;
  ModelSignature signature_;
};

}  // namespace leat
