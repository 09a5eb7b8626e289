#include <algorithm>
#include <cmath>

#include "fuzz/entries.hpp"
#include "infer/language_rules.hpp"
#include "infer/lexicon_finance.hpp"
#include "infer/lexicon_vader.hpp"
#include "infer/ngram/ngram_weights.hpp"
#include "infer/word_piece.hpp"
#include "support/temp_folder.hpp"

namespace leat::fuzz {
namespace {

constexpr std::size_t kTextBytesMax = 4096;

WordPiece tokenizer(bool lower_case, std::uint32_t tokens) {
  static const std::vector<std::string> vocab = {
      "[UNK]", "[CLS]",  "[SEP]",    "[PAD]",  "a",  "##a", "e",        "##e", "un",        "##want",
      "##ed",  "\u00e9", "##\u00e9", "\u4e2d", "!!", ",",   "##\u0301", "##,", "\U0001F600"};
  return *WordPiece::make(vocab, {.lower_case = lower_case, .tokens = tokens});
}

std::vector<std::int64_t> encode(const WordPiece& pieces, std::string_view text) {
  std::vector<std::int64_t> ids;
  pieces.encode(text, ids);
  return ids;
}

void try_tokens(std::string_view text, std::uint8_t choice) {
  const bool lower_case = (choice & 1) != 0;
  const WordPiece few = tokenizer(lower_case, 3 + (choice >> 1) % 16);
  const WordPiece many = tokenizer(lower_case, 2 + 2 * kTextBytesMax * 4);
  const std::vector<std::int64_t> all = encode(many, text), some = encode(few, text);
  for (const std::int64_t id : all) LEAT_ASSERT(id >= 0 && static_cast<std::size_t>(id) < many.size());
  LEAT_ASSERT(all.size() >= 2 && all.front() == 1 && all.back() == 2);
  // A limit cuts off the end, and nothing else.
  LEAT_ASSERT(some.size() == std::min<std::size_t>(all.size(), few.options().tokens) && some.back() == 2);
  LEAT_ASSERT(std::equal(some.begin(), some.end() - 1, all.begin()));
  // Behind a space a text is read as it is read alone.
  const std::vector<std::int64_t> twice = encode(many, std::string(text) + ' ' + std::string(text));
  LEAT_ASSERT(twice.size() == 2 * all.size() - 2 && std::equal(all.begin(), all.end() - 1, twice.begin()) &&
              std::equal(all.begin() + 1, all.end(), twice.begin() + static_cast<long>(all.size()) - 1));
  for (const std::string& word : many.words(text)) LEAT_ASSERT(!word.empty());
}

void try_numbers(std::string_view text, std::uint8_t choice) {
  const NgramShape shape{.buckets = 1u + choice,
                         .words_max = choice % 4u,
                         .characters_min = 1u + choice % 3u,
                         .characters_max = choice % 7u};
  LEAT_ASSERT(sound(shape));
  NgramReader reader(shape);
  const std::vector<std::uint32_t> numbers = reader.read(text);
  LEAT_ASSERT(std::ranges::adjacent_find(numbers, std::greater_equal()) == numbers.end());
  LEAT_ASSERT(numbers.empty() || numbers.back() < shape.buckets);
  LEAT_ASSERT(reader.read(text) == numbers);
}

void try_lexicons(std::string_view text) {
  static const std::vector<std::pair<std::string, double>> words = {
      {"good", 1.9}, {"bad", -2.5}, {"not good", -1}, {"no", -1.2}, {":)", 2}, {"a-b", 1}, {"caf\u00e9", 3}};
  static const VaderLexicon vader(words);
  static const WordSumLexicon sums(words);
  const VaderScore score = vader.score(text);
  LEAT_ASSERT(score.compound >= -1 && score.compound <= 1);
  for (const double share : {score.neg, score.neu, score.pos}) LEAT_ASSERT(share >= 0 && share <= 1);
  const WordSum sum = sums.score(text);
  LEAT_ASSERT(std::isfinite(sum.score) && std::isfinite(sum.comparative()));
  static const LanguageRules language;
  LEAT_ASSERT(language.is_english(text) == language.is_english(std::string(text)));
}

}  // namespace

void try_texts(std::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<std::uint8_t>(input[0]);
  const std::string text(input.substr(1, kTextBytesMax));
  try_tokens(text, choice);
  try_numbers(text, choice);
  try_lexicons(text);
}

void try_ngrams(std::string_view input) {
  static const testing::TempFolder folder;
  const std::string path = folder.write("any.ngram", std::string(input));
  const Result<NgramWeights> model = read_ngrams(path);
  if (!model) {
    LEAT_ASSERT(model.error().code == Code::model_failed && model.error().place == path);
    return;
  }
  LEAT_ASSERT(sound(model->shape) && model->weights.size() == model->shape.buckets);
  NgramReader reader(model->shape);
  const float probability = model->probability(reader.read("It's a text; is it?"));
  LEAT_ASSERT(probability >= 0 && probability <= 1);
  LEAT_ASSERT(write_ngrams(*model, path));
  const Result<NgramWeights> again = read_ngrams(path);
  LEAT_ASSERT(again && again->shape == model->shape && again->bias == model->bias &&
              again->weights == model->weights);
}

}  // namespace leat::fuzz
