#pragma once

#include "infer/tensor.hpp"

namespace leat {

/// Writes a graph as an ONNX file: what `leat model export` and tests need of the format (onnx.proto, IR
/// version 8, opset 13, ai.onnx.ml 3). Names connect the parts; nothing is checked but by who loads it.
class OnnxWriter {
 public:
  class Attributes {
   public:
    Attributes& set(std::string_view name, std::int64_t value);
    Attributes& set(std::string_view name, float value);
    Attributes& set(std::string_view name, std::string_view value);
    Attributes& set(std::string_view name, std::span<const std::int64_t> values);
    Attributes& set(std::string_view name, std::span<const float> values);
    Attributes& set(std::string_view name, std::span<const std::string> values);

   private:
    friend class OnnxWriter;
    std::string bytes_;
  };

  /// A dimension of -1 is free.
  void input(const TensorType& tensor);
  void output(const TensorType& tensor);
  void constant(std::string_view name, std::span<const std::int64_t> shape, std::span<const float> values);
  void constant(std::string_view name, std::span<const std::int64_t> shape,
                std::span<const std::int64_t> values);
  void node(std::string_view op, std::span<const std::string> inputs, std::span<const std::string> outputs,
            const Attributes& attributes = {}, std::string_view domain = {});

  std::string bytes() const;
  Status write(const std::string& file) const;

 private:
  std::string graph_;
};

}  // namespace leat
