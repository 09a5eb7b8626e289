#pragma once

#include "infer/model.hpp"

namespace leat {

/// How the words of a lexicon become one score.
enum class LexiconRules : std::uint8_t { automatic, sum, vader };

/// The names that need no path.
std::span<const std::string> built_in_lexicons();

/// The file a source means: of a built-in name, `NAME.tsv` in the first folder of these that has it: the
/// environment's LEAT_LEXICONS; `third_party/lexicons` and `share/leat/lexicons` above this library. Of a
/// path, the file itself, or `lexicon.tsv` in the folder. It need not exist.
std::string lexicon_file(const ModelSource& source);

/// The `lexicon` engine's load step. Automatic rules: VADER's for the built-in `vader`, sums for all others.
Result<ModelPtr> load_lexicon(const ModelSource& source, LexiconRules rules);

}  // namespace leat
