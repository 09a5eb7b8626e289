#include "infer/lexicon_vader.hpp"

#include <algorithm>
#include <cmath>
#include <leat/batch_builder.hpp>

namespace leat {
namespace {

// The published constants: what an intensifier adds, what capitals add, what a negation multiplies by, what
// each exclamation mark adds (at most four), and the constant of the normalisation.
constexpr double kBoost = 0.293;
constexpr double kCapitals = 0.733;
constexpr double kNegation = -0.74;
constexpr double kExclamation = 0.292;
constexpr double kNormalise = 15;
/// An intensifier two or three words away counts less.
constexpr double kDistance[] = {1, 0.95, 0.9};

constexpr std::string_view kIntensifiers[] = {
    "absolutely", "amazingly",     "awfully",    "completely", "considerably", "decidedly",
    "deeply",     "effing",        "enormously", "entirely",   "especially",   "exceptionally",
    "extremely",  "fabulously",    "flippin",    "flipping",   "frickin",      "fricking",
    "friggin",    "frigging",      "fucking",    "fully",      "greatly",      "hella",
    "highly",     "hugely",        "incredibly", "intensely",  "majorly",      "more",
    "most",       "particularly",  "purely",     "quite",      "really",       "remarkably",
    "so",         "substantially", "thoroughly", "totally",    "tremendously", "uber",
    "unusually",  "unbelievably",  "utterly",    "very"};
constexpr std::string_view kDampeners[] = {
    "almost", "barely",       "hardly",   "kind-of",  "kinda",    "kindof",  "less",  "little", "marginally",
    "partly", "occasionally", "scarcely", "slightly", "somewhat", "sort-of", "sorta", "sortof"};
/// Two words that dampen together.
constexpr std::pair<std::string_view, std::string_view> kDampeningPairs[] = {
    {"just", "enough"}, {"kind", "of"}, {"sort", "of"}};

/// With an apostrophe they negate too, as does every word with n't in it.
constexpr std::string_view kNegations[] = {
    "aint",  "arent", "cannot", "cant",    "couldnt", "darent",  "despite", "didnt",   "doesnt", "dont",
    "hadnt", "hasnt", "havent", "isnt",    "mightnt", "mustnt",  "neednt",  "neither", "never",  "none",
    "nope",  "nor",   "not",    "nothing", "nowhere", "oughtnt", "rarely",  "seldom",  "shant",  "shouldnt",
    "uh-uh", "uhuh",  "wasnt",  "werent",  "without", "wont",    "wouldnt"};

struct Idiom {
  std::string_view first, second, third;  // third may be empty
  double valence;
};
constexpr Idiom kIdioms[] = {{"the", "shit", "", 3},       {"the", "bomb", "", 3},
                             {"bad", "ass", "", 1.5},      {"yeah", "right", "", -2},
                             {"cut", "the", "mustard", 2}, {"kiss", "of", "death", -1.5},
                             {"hand", "to", "mouth", -2}};

/// What may stand before or after a word without becoming part of it; longer runs stay.
constexpr std::string_view kMarks[] = {".",  "!",   "?",  ",",   ";",   ":",   "-",    "'",   "\"",
                                       "!!", "!!!", "??", "???", "?!?", "!?!", "?!?!", "!?!?"};

bool is_mark(std::string_view text) {
  return std::ranges::find(kMarks, text) != std::end(kMarks);
}

/// The word inside one mark before or after it; the token itself where there is none.
std::string_view without_mark(std::string_view token) {
  const auto begin = std::ranges::find_if_not(token, words::is_punctuation);
  const auto end = std::find_if(begin, token.end(), words::is_punctuation);
  const bool one_word = std::all_of(end, token.end(), words::is_punctuation);
  const std::string_view word(begin, end), mark_before(token.begin(), begin), mark_after(end, token.end());
  if (!one_word || !words::longer_than_one_unit(word)) return token;
  if (mark_after.empty() ? !is_mark(mark_before) : !mark_before.empty() || !is_mark(mark_after)) return token;
  return word;
}

bool all_capitals(std::string_view text) {
  bool upper = false;
  for (const char c : text) {
    if (c >= 'a' && c <= 'z') return false;
    upper = upper || (c >= 'A' && c <= 'Z');
  }
  return upper;
}

/// Away from zero by `amount`; zero counts as negative.
double push(double valence, double amount) {
  return valence > 0 ? valence + amount : valence - amount;
}

/// To `scale` (a power of ten) decimal steps, exact halves away from zero, as a decimal number would be
/// rounded: the error of the product is taken into account.
double rounded(double value, double scale) {
  const double size = std::fabs(value);
  const double product = size * scale;
  const double error = std::fma(size, scale, -product);
  const double whole = std::floor(product);
  const double steps = (product - whole - 0.5) + error >= 0 ? whole + 1 : whole;
  return (steps == 0 ? 0 : std::copysign(steps, value)) / scale;
}

/// What exclamation and question marks anywhere in the text add.
double emphasis(std::string_view text) {
  const auto exclamations = std::ranges::count(text, '!');
  const auto questions = std::ranges::count(text, '?');
  const double from_questions = questions <= 1   ? 0
                                : questions <= 3 ? static_cast<double>(questions) * 0.18
                                                 : 0.96;
  return static_cast<double>(std::min<std::ptrdiff_t>(exclamations, 4)) * kExclamation + from_questions;
}

}  // namespace

VaderLexicon::VaderLexicon(const std::vector<std::pair<std::string, double>>& entries) {
  for (const auto& [word, valence] : entries) words_[word].valence = valence;
  for (const std::string_view word : kIntensifiers) words_[std::string(word)].boost = kBoost;
  for (const std::string_view word : kDampeners) words_[std::string(word)].boost = -kBoost;
  for (const std::string_view word : kNegations) words_[std::string(word)].negates = true;
  for (const auto& [word, entry] : words_) longest_ = std::max(longest_, word.size());
  signature_.inputs = {{"text", Type::string, 1, "a text", {}}};
  signature_.batch_rows = 4096;
  signature_.outputs = Schema::make({{"score", Type::float64, false},
                                     {"neg", Type::float64, false},
                                     {"neu", Type::float64, false},
                                     {"pos", Type::float64, false}});
}

const VaderLexicon::Word* VaderLexicon::find(std::string_view text, std::string& lower) const {
  if (text.size() > longest_) return nullptr;
  lower.clear();
  words::append_lower(text, lower);
  const auto found = words_.find(std::string_view(lower));
  return found == words_.end() ? nullptr : &found->second;
}

VaderLexicon::Token VaderLexicon::look_up(std::string_view token, std::string& lower) const {
  Token result;
  result.text = without_mark(token);
  result.word = find(result.text, lower);
  result.capitals = all_capitals(result.text);
  result.negates = (result.word != nullptr && result.word->negates && lower == result.text) ||
                   result.text.find("n't") != std::string_view::npos;
  return result;
}

void VaderLexicon::split(std::string_view text, Scratch& scratch) const {
  scratch.tokens.clear();
  std::size_t begin = 0;
  const auto add = [&](std::size_t end) {
    const std::string_view token = text.substr(begin, end - begin);
    if (words::longer_than_one_unit(token)) scratch.tokens.push_back(look_up(token, scratch.lower));
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = words::space_size(text, at);
    if (space == 0) {
      ++at;
      continue;
    }
    add(at);
    begin = at += space;
  }
  add(text.size());
}

bool VaderLexicon::is_kind_of(std::span<const Token> tokens, std::size_t at) {
  const auto equals = [](std::string_view text, std::string_view lower) {
    return std::ranges::equal(text, lower, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  };
  return at + 1 < tokens.size() && equals(tokens[at].text, "kind") && equals(tokens[at + 1].text, "of");
}

/// Changes the valence by the word `distance` + 1 places before it.
double VaderLexicon::before(std::span<const Token> tokens, std::size_t at, std::size_t distance,
                            double valence, bool capitals_matter) {
  const Token& word = tokens[at - distance - 1];
  if (word.boost() != 0) {
    double change = valence < 0 ? -word.boost() : word.boost();
    if (capitals_matter && word.capitals) change += valence > 0 ? kCapitals : -kCapitals;
    valence += change * kDistance[distance];
  }
  const auto so_or_this = [](const Token& token) { return token.is("so") || token.is("this"); };
  if (distance == 1 && word.is("never") && so_or_this(tokens[at - 1])) return valence * 1.5;
  if (distance == 2 && ((word.is("never") && so_or_this(tokens[at - 2])) || so_or_this(tokens[at - 1])))
    return valence * 1.25;
  return word.negates ? valence * kNegation : valence;
}

/// Phrases whose meaning is not that of their words; asked only where three words stand before.
double VaderLexicon::idioms(std::span<const Token> tokens, std::size_t at, double valence) {
  const auto find = [&](std::size_t first, std::size_t count) -> const Idiom* {
    if (first + count > tokens.size()) return nullptr;
    for (const Idiom& idiom : kIdioms)
      if (tokens[first].is(idiom.first) && tokens[first + 1].is(idiom.second) &&
          (count == 2 ? idiom.third.empty() : !idiom.third.empty() && tokens[first + 2].is(idiom.third)))
        return &idiom;
    return nullptr;
  };
  struct Phrase {
    std::size_t first, count;
  };
  for (const Phrase phrase : {Phrase{at - 1, 2}, {at - 2, 3}, {at - 2, 2}, {at - 3, 3}, {at - 3, 2}})
    if (const Idiom* idiom = find(phrase.first, phrase.count)) {
      valence = idiom->valence;
      break;
    }
  for (const std::size_t count : {2u, 3u})
    if (const Idiom* idiom = find(at, count)) valence = idiom->valence;
  for (const auto& [first, second] : kDampeningPairs)
    if ((tokens[at - 3].is(first) && tokens[at - 2].is(second)) ||
        (tokens[at - 2].is(first) && tokens[at - 1].is(second)))
      return valence - kBoost;
  return valence;
}

/// "least" before a word negates it, but "at least" and "very least" do not.
bool VaderLexicon::least_negates(std::span<const Token> tokens, std::size_t at) {
  const auto lower_is = [](const Token& token, std::string_view word) {
    std::string lower;
    words::append_lower(token.text, lower);
    return lower == word;
  };
  if (at == 0 || tokens[at - 1].has_valence() || tokens[at - 1].text.size() != 5 ||
      !lower_is(tokens[at - 1], "least"))
    return false;
  return at == 1 || (!lower_is(tokens[at - 2], "at") && !lower_is(tokens[at - 2], "very"));
}

double VaderLexicon::valence_at(std::span<const Token> tokens, std::size_t at, bool capitals_matter) {
  if (is_kind_of(tokens, at) || tokens[at].boost() != 0 || !tokens[at].has_valence()) return 0;
  double valence = *tokens[at].word->valence;
  if (capitals_matter && tokens[at].capitals) valence = push(valence, kCapitals);
  for (std::size_t distance = 0; distance < 3 && distance < at; ++distance) {
    if (tokens[at - distance - 1].has_valence()) continue;
    valence = before(tokens, at, distance, valence, capitals_matter);
    if (distance == 2) valence = idioms(tokens, at, valence);
  }
  return least_negates(tokens, at) ? valence * kNegation : valence;
}

/// What stands before the first "but" counts half, what follows counts half as much again.
void VaderLexicon::weigh_but(std::span<const Token> tokens, std::span<double> valences) {
  auto but = std::ranges::find_if(tokens, [](const Token& token) { return token.is("but"); });
  if (but == tokens.end())
    but = std::ranges::find_if(tokens, [](const Token& token) { return token.is("BUT"); });
  if (but == tokens.end()) return;
  const auto index = static_cast<std::size_t>(but - tokens.begin());
  for (std::size_t at = 0; at < valences.size(); ++at)
    if (at != index) valences[at] *= at < index ? 0.5 : 1.5;
}

VaderScore VaderLexicon::sum_up(std::span<const double> valences, std::string_view text) {
  double sum = 0, positive = 0, negative = 0, neutral = 0;
  for (const double valence : valences) {
    sum += valence;
    // A neutral word counts as one, so one is added to the others' valences too.
    if (valence > 0)
      positive += valence + 1;
    else if (valence < 0)
      negative += 1 - valence;
    else
      neutral += 1;
  }
  const double marks = emphasis(text);
  if (sum > 0) sum += marks;
  if (sum < 0) sum -= marks;
  if (positive > negative)
    positive += marks;
  else if (positive < negative)
    negative += marks;
  const double total = positive + negative + neutral;
  return {rounded(negative / total, 1000), rounded(neutral / total, 1000), rounded(positive / total, 1000),
          rounded(sum / std::sqrt(sum * sum + kNormalise), 10000)};
}

VaderScore VaderLexicon::score(std::string_view text, Scratch& scratch) const {
  split(text, scratch);
  const std::span<const Token> tokens = scratch.tokens;
  if (tokens.empty()) return {};
  const auto in_capitals = std::ranges::count_if(tokens, &Token::capitals);
  const bool capitals_matter = in_capitals > 0 && static_cast<std::size_t>(in_capitals) < tokens.size();
  scratch.valences.clear();
  for (std::size_t at = 0; at < tokens.size(); ++at)
    scratch.valences.push_back(valence_at(tokens, at, capitals_matter));
  weigh_but(tokens, scratch.valences);
  return sum_up(scratch.valences, text);
}

VaderScore VaderLexicon::score(std::string_view text) const {
  Scratch scratch;
  return score(text, scratch);
}

Result<Prediction> VaderLexicon::predict(std::span<const Column> columns,
                                         std::span<const std::uint32_t>) const {
  BatchBuilder rows(signature_.outputs);
  Scratch scratch;
  const Column& texts = columns[0];
  for (std::uint32_t row = 0; row < texts.row_count(); ++row) {
    if (texts.is_null(row)) {
      rows.add(std::nullopt, std::nullopt, std::nullopt, std::nullopt);
      continue;
    }
    const VaderScore score = this->score(texts.text(row), scratch);
    rows.add(score.compound, score.neg, score.neu, score.pos);
  }
  return Prediction{rows.finish(), {}};
}

}  // namespace leat
