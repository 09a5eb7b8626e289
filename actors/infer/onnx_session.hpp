#pragma once

#include "infer/tensor.hpp"

namespace leat {

/// A model in ONNX Runtime, which is loaded when the first one is: the only door to that library. Immutable;
/// any thread.
class OnnxSession {
 public:
  virtual ~OnnxSession() = default;
  virtual const std::vector<TensorType>& inputs() const = 0;
  virtual const std::vector<TensorType>& outputs() const = 0;
  /// The named outputs (by index) for these inputs, in the model's order. What ONNX Runtime says of a failure
  /// is passed on unchanged.
  virtual Result<std::vector<Tensor>> run(std::span<const Tensor> inputs,
                                          std::span<const std::size_t> outputs) const = 0;
};

/// `threads` 1: a call runs on the caller's thread. More: on the process's one pool, which has as many
/// threads as the greatest number that was ever announced before the first model was opened.
Result<std::shared_ptr<const OnnxSession>> open_onnx(const std::string& file, std::uint32_t threads);
void announce_onnx_threads(std::uint32_t threads);
/// "1.29.0"; or why there is none, and what to do.
Result<std::string> onnx_runtime_version();

}  // namespace leat
