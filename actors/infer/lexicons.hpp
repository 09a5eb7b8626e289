#pragma once

#include "infer/model_file.hpp"

namespace leat {

/// How the words of a lexicon become one score.
enum class LexiconRules : std::uint8_t { automatic, sum, vader };

struct LexiconOptions {
  LexiconRules rules = LexiconRules::automatic;  ///< VADER's for the built-in `vader`, sums for all others
  double positive_at = 0.05;                     ///< label `positive` from this score on
  double negative_at = -0.05;                    ///< label `negative` up to this score
};

/// The `lexicon` engine's load step.
Result<ModelPtr> load_lexicon(const ModelFile& file, const LexiconOptions& options);

}  // namespace leat
