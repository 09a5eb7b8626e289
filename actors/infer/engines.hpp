#pragma once

#include "infer/lexicons.hpp"
#include "infer/readout.hpp"

namespace leat {

/// What `kind: infer` and `leat model` may say about a model beside where it is.
struct ModelOptions {
  LexiconOptions lexicon;
  ReadoutOptions readout;
  std::uint32_t threads = 1;            ///< of one call
  std::optional<std::uint32_t> tokens;  ///< texts: most tokens; default: what the model can take
};

/// Opens a model by its engine. The place of an error is the file.
Result<ModelPtr> load_model(const ModelFile& file, const ModelOptions& options);

/// Asks a model about one made-up row, so that what it does once is done. Failures do not matter.
void warm(const Model& model);

}  // namespace leat
