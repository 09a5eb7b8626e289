#pragma once

#include "infer/ngram/ngrams.hpp"
#include "infer/onnx_model.hpp"

namespace leat {

/// What stands beside an exported model of hashed n-grams, `mood.ngrams.json` beside `mood.onnx`: how a text
/// becomes the numbers that the graph reads. Its presence makes the model one that reads texts.
std::string ngram_shape_file(const std::string& onnx_file);
Status write_ngram_shape(const NgramShape& shape, const std::string& onnx_file);

/// The `onnx` engine's load step for such a model.
Result<ModelPtr> load_onnx_ngrams(const ModelFile& file, std::shared_ptr<const OnnxSession> session,
                                  const ModelOptions& options);

}  // namespace leat
