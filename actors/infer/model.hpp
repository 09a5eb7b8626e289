#pragma once

#include <leat/batch.hpp>
#include <leat/expression.hpp>
#include <memory>
#include <span>
#include <vector>

namespace leat {

/// What a model reads and makes, by name and type: checked against the mapping before anything runs.
struct ModelSignature {
  std::vector<Field> inputs;
  SchemaPtr outputs;
};

/// One batch through a model: the outputs have the input's rows. Rows the model could not answer are listed
/// in ascending order; their output values are unspecified.
struct Prediction {
  Batch outputs;
  std::vector<Evaluated::Failed> failed;
};

/// Where a model comes from, as the topology says it.
struct ModelSource {
  std::string name;  ///< a built-in name; empty when `path` is given
  std::string path;  ///< absolute
};

/// A loaded model: lexicons today; ONNX, XGBoost and remote engines fill the same three steps.
///
///   load (once per actor, while the topology is checked) -> signature -> predict*
///
/// An engine's `load` is a function from its source to Result<std::shared_ptr<const Model>>. The object is
/// immutable and shared by all instances of the actor, so `predict` is called by several threads at once and
/// keeps its scratch memory to itself. Neither throws.
class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelSignature& signature() const = 0;
  /// `inputs` are the signature's, in order, all of one length. A null input gives null outputs. An error
  /// means that no row could be answered.
  virtual Result<Prediction> predict(std::span<const Column> inputs) const = 0;
};

using ModelPtr = std::shared_ptr<const Model>;

}  // namespace leat
