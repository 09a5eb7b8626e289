#pragma once

#include "infer/model.hpp"
#include "infer/words.hpp"

namespace leat {

/// VADER's four figures: shares of the text, rounded to 3 digits, and the normalised sum, rounded to 4.
struct VaderScore {
  double neg = 0, neu = 0, pos = 0, compound = 0;
  friend bool operator==(const VaderScore&, const VaderScore&) = default;
};

/// VADER, "a parsimonious rule-based model for sentiment analysis of social media text" (C. J. Hutto and
/// E. Gilbert, ICWSM 2014): valence of the words, changed by what stands around them. Gives what the
/// published JavaScript implementation gives, also where that departs from the paper (it looks for negations
/// in lower case only, and quotes on both sides hide a word). Immutable; any thread.
class VaderLexicon final : public Model {
 public:
  explicit VaderLexicon(const std::vector<std::pair<std::string, double>>& entries);

  VaderScore score(std::string_view text) const;

  const ModelSignature& signature() const override { return signature_; }
  using Model::predict;
  Result<Prediction> predict(std::span<const Column> columns,
                             std::span<const std::uint32_t> counts) const override;

 private:
  /// All that is known of a word in lower case.
  struct Word {
    std::optional<double> valence;
    double boost = 0;
    bool negates = false;
  };
  /// A word of the text with what the rules ask of it.
  struct Token {
    std::string_view text;
    const Word* word = nullptr;  // null: a word nobody knows
    bool negates = false;
    bool capitals = false;

    bool has_valence() const { return word != nullptr && word->valence.has_value(); }
    double boost() const { return word != nullptr ? word->boost : 0; }
    bool is(std::string_view lower_case_text) const { return text == lower_case_text; }
  };
  /// Memory used again for every text of a batch.
  struct Scratch {
    std::string lower;
    std::vector<Token> tokens;
    std::vector<double> valences;
  };

  VaderScore score(std::string_view text, Scratch& scratch) const;
  void split(std::string_view text, Scratch& scratch) const;
  Token look_up(std::string_view token, std::string& lower) const;
  const Word* find(std::string_view text, std::string& lower) const;
  static double valence_at(std::span<const Token> tokens, std::size_t at, bool capitals_matter);
  static double before(std::span<const Token> tokens, std::size_t at, std::size_t distance, double valence,
                       bool capitals_matter);
  static double idioms(std::span<const Token> tokens, std::size_t at, double valence);
  static bool least_negates(std::span<const Token> tokens, std::size_t at);
  static bool is_kind_of(std::span<const Token> tokens, std::size_t at);
  static void weigh_but(std::span<const Token> tokens, std::span<double> valences);
  static VaderScore sum_up(std::span<const double> valences, std::string_view text);

  words::Table<Word> words_;
  std::size_t longest_ = 0;  // bytes of the longest word: longer ones need no look-up
  ModelSignature signature_;
};

}  // namespace leat
