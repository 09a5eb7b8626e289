#pragma once

#include <leat/batch.hpp>
#include <leat/expression.hpp>
#include <span>
#include <vector>

namespace leat {

/// What a model wants of each row under one name.
struct ModelInput {
  std::string name;
  Type type = Type::float64;  ///< of one value: float64, int64, boolean or string
  /// Values per row; 0: as many as are given. Several come as so many columns, or as one list<float32>.
  std::uint32_t width = 1;
  std::string wants;                  ///< in the model's words: "float32[?,28]"
  std::vector<std::string> features;  ///< names of the values, where the model knows them
};

/// What a model reads and makes: checked against the mapping before anything runs.
struct ModelSignature {
  std::vector<ModelInput> inputs;
  SchemaPtr outputs;
  std::uint32_t batch_rows = 256;  ///< most rows that are worth giving to one call
};

/// Who answered: for the result, and for people.
struct ModelIdentity {
  std::string engine;
  std::string name;     ///< of the built-in model, or of the folder or file
  std::string version;  ///< of a versioned folder; else empty
  std::string file;     ///< what was read

  std::string text() const { return engine + "/" + name + (version.empty() ? "" : "@" + version); }
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

/// A loaded model that answers in this process. Engines fill three steps:
///
///   load (while the topology is checked, or beside a running one) -> signature -> predict*
///
/// The object is immutable and shared by all instances of the actor, so `predict` is called by several
/// threads at once and keeps its scratch memory to itself. Nothing throws.
class Model {
 public:
  explicit Model(ModelIdentity identity = {}) : identity_(std::move(identity)) {}
  virtual ~Model() = default;
  const ModelIdentity& identity() const { return identity_; }
  virtual const ModelSignature& signature() const = 0;
  /// The columns of the first input, then those of the second and so on; `counts` says how many each has. All
  /// are of one length, at least 1 row. In inputs of float64 a null is NaN, what models take for missing; in
  /// others its value and the row's answer are unspecified. An error means that no row could be answered.
  virtual Result<Prediction> predict(std::span<const Column> columns,
                                     std::span<const std::uint32_t> counts) const = 0;
  /// The same for a model with one input of one column.
  Result<Prediction> predict(const Column& column) const {
    const std::uint32_t one = 1;
    return predict({&column, 1}, {&one, 1});
  }

 private:
  ModelIdentity identity_;
};

using ModelPtr = std::shared_ptr<const Model>;

}  // namespace leat
