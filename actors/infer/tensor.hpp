#pragma once

#include <leat/batch.hpp>

#include "infer/model.hpp"

namespace leat {

/// What a tensor's values are. `other`: nothing that Leat can fill or read.
enum class Element : std::uint8_t {
  float32,
  float64,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  boolean,
  string,
  other
};

/// An input or output of a model, as its file has it.
struct TensorType {
  std::string name;
  Element element = Element::other;
  std::vector<std::int64_t> shape;  ///< -1: free
  std::string kind;                 ///< what it is instead when it is no tensor: "a sequence", "a map"

  std::string text() const;  ///< "float32[?,28]", or its kind
  bool is_tensor() const { return kind.empty(); }
};

struct Tensor {
  Element element = Element::float32;
  std::vector<std::int64_t> shape;
  Memory values;  ///< of all elements but strings
  std::vector<std::string> strings;
  /// The values of float32 where they lie already, in place of `values`: a column's, which must live longer.
  std::span<const float> lent = {};

  std::int64_t size() const;
  const void* data() const { return lent.empty() ? values.data() : static_cast<const void*>(lent.data()); }
};

std::size_t element_size(Element element);

/// What the columns of a batch must be to fill this tensor: its first dimension is the rows'. Fails when no
/// columns can: more than one free dimension behind the first, or none at all.
Result<ModelInput> input_of(const TensorType& tensor);

/// Fills a tensor. One column per value of a row, or one list<float32>, whose values stay where they are when
/// the model reads float32 and no list is null; nulls become NaN in floats, zero or an empty text elsewhere.
/// Fails on a list of another length and on integers that do not fit.
Result<Tensor> to_tensor(const TensorType& type, std::span<const Column> columns, std::uint32_t rows);

/// The column type an output has: one value per row, or a list<float32>; nothing when it has no place in a
/// column.
std::optional<Type> column_type(const TensorType& output);
/// An output as a column. Fails unless it has as many values for each of the rows.
Result<Column> to_column(const Tensor& tensor, Type type, std::uint32_t rows, const std::string& name);

/// A column of floats' lists that all have the same length.
Column make_lists(Memory values, std::uint32_t rows, std::uint32_t width);
Column make_float64s(std::span<const double> values);
Column make_strings(std::span<const std::string_view> values);

}  // namespace leat
