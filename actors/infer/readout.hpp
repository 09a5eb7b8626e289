#pragma once

#include "infer/tensor.hpp"

namespace leat {

/// How a classifier's raw values become probabilities.
enum class Activation : std::uint8_t { automatic, none, softmax, sigmoid };

struct ReadoutOptions {
  std::vector<std::string> labels;  ///< names of the classes in the model's order; empty: raw values only
  Activation activation = Activation::automatic;
};

/// The outputs that labels make of a classifier's values: label, score (the label's probability) and
/// probabilities.
std::vector<Field> readout_fields();
/// The same as columns; `values` are `width` per row and change in place. One value per row and two labels:
/// the probability of the second. Fails when there are other than `width` labels.
Result<std::vector<Column>> read_out(Memory values, std::uint32_t rows, std::uint32_t width,
                                     const ReadoutOptions& options);

/// A name that a column can have: letters, digits and _; other characters become _.
std::string column_name(std::string_view name);

}  // namespace leat
