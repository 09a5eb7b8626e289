#include "infer/readout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace leat {
namespace {

void softmax(std::span<float> values) {
  const float most = std::ranges::max(values);
  float sum = 0;
  for (float& value : values) sum += value = std::exp(value - most);
  for (float& value : values) value /= sum;
}

void activate(std::span<float> values, std::uint32_t width, Activation activation) {
  if (activation == Activation::sigmoid || (activation == Activation::softmax && width == 1))
    for (float& value : values) value = 1 / (1 + std::exp(-value));
  else if (activation == Activation::softmax)
    for (std::size_t at = 0; at < values.size(); at += width) softmax(values.subspan(at, width));
}

}  // namespace

std::vector<Field> readout_fields() {
  return {{"label", Type::string}, {"score", Type::float64}, {"probabilities", Type::float32_list}};
}

Result<std::vector<Column>> read_out(Memory values, std::uint32_t rows, std::uint32_t width,
                                     const ReadoutOptions& options) {
  const bool binary = width == 1 && options.labels.size() == 2;
  if (!binary && options.labels.size() != width)
    return fail(Code::model_mismatch,
                fmt::format("the model gives {} values per row, and there are {} labels", width,
                            options.labels.size()));
  const std::span<float> all(reinterpret_cast<float*>(values.data()), std::size_t{rows} * width);
  activate(all, width, options.activation);
  std::vector<std::string_view> labels(rows);
  std::vector<double> scores(rows);
  for (std::uint32_t row = 0; row < rows; ++row) {
    const std::span<const float> one = all.subspan(std::size_t{row} * width, width);
    const auto best = static_cast<std::size_t>(std::ranges::max_element(one) - one.begin());
    const std::size_t label = binary ? one[0] >= 0.5f : best;
    labels[row] = options.labels[label];
    scores[row] = binary && label == 0 ? 1 - one[0] : one[best];
  }
  return std::vector<Column>{make_strings(labels), make_float64s(scores),
                             make_lists(std::move(values), rows, width)};
}

std::string column_name(std::string_view name) {
  std::string made;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    made += plain ? c : '_';
  }
  if (made.empty() || (made[0] >= '0' && made[0] <= '9')) made.insert(0, "_");
  return made;
}

}  // namespace leat
