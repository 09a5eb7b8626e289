#pragma once

#include "infer/engines.hpp"
#include "infer/onnx_session.hpp"

namespace leat {

/// Makes columns of what a session gives: label, score and probabilities of the first output that is a list
/// of floats, when there are labels; every other output that has a place in a column under its own name.
/// Immutable.
class OnnxOutputs {
 public:
  /// Fails when no output has a place.
  static Result<OnnxOutputs> make(const std::vector<TensorType>& outputs, ReadoutOptions options);

  const SchemaPtr& schema() const { return schema_; }
  /// Which outputs a session must give to `read`.
  std::span<const std::size_t> wanted() const { return wanted_; }
  Result<Batch> read(std::span<Tensor> tensors, std::uint32_t rows) const;

 private:
  std::vector<TensorType> types_;
  std::vector<std::size_t> wanted_;
  std::optional<std::size_t> classes_;  // which of the wanted has the labels' values
  ReadoutOptions options_;
  SchemaPtr schema_;
};

/// The `onnx` engine's load step. With a vocab.txt beside the model it reads texts (labels from config.json's
/// id2label, case from tokenizer_config.json), with what ngram_shape_file names too; else numbers.
Result<ModelPtr> load_onnx(const ModelFile& file, const ModelOptions& options);
Result<ModelPtr> load_onnx_text(const ModelFile& file, std::shared_ptr<const OnnxSession> session,
                                const ModelOptions& options);

}  // namespace leat
