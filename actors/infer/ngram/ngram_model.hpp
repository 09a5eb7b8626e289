#pragma once

#include "infer/engines.hpp"

namespace leat {

/// A file that NgramWeights are read from. Reads a text; answers with `score`, the probability that was
/// learnt, or with two labels as read_out says. Needs no library.
Result<ModelPtr> load_ngrams(const ModelFile& file, const ModelOptions& options);

}  // namespace leat
