#pragma once

#include <leat/result.hpp>
#include <span>

#include "infer/ngram/ngrams.hpp"
#include "infer/onnx_writer.hpp"

namespace leat {

/// A logistic model over hashed n-grams: the probability of the label is sigmoid(bias + the weights of the
/// text's numbers). Written as `model.ngram`: lines that say the shape, and behind an empty one the weights
/// as little-endian float32; 131 kB.
struct NgramWeights {
  NgramShape shape;
  float bias = 0;
  std::vector<float> weights;  ///< per bucket

  float probability(std::span<const std::uint32_t> numbers) const;
};

Status write_ngrams(const NgramWeights& model, const std::string& path);
/// model_missing when there is no such file, model_failed when it is another.
Result<NgramWeights> read_ngrams(const std::string& path);

/// The same model as a graph. It reads `ngrams`, int64[N,L]: the numbers of a text, filled up with `buckets`;
/// it gives `score`, float32[N].
OnnxWriter export_ngrams(const NgramWeights& model);

}  // namespace leat
