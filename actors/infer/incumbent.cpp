#include "infer/incumbent.hpp"

#include <algorithm>

#include "infer/tensor.hpp"

namespace leat {
namespace {

bool reads(const ModelSignature& signature, std::span<const std::string> features) {
  if (signature.inputs.size() != 1) return false;
  const ModelInput& input = signature.inputs[0];
  if (features.empty()) return input.type == Type::string;
  return input.type == Type::float64 && input.width == features.size() &&
         (input.features.empty() || std::ranges::equal(input.features, features));
}

}  // namespace

std::optional<Incumbent> Incumbent::open(const std::string& folder, std::span<const std::string> features) {
  const Result<ModelFile> file = find_model({.name = {}, .path = folder}, "");
  if (!file) return std::nullopt;
  Result<ModelPtr> model = load_model(*file, {});
  if (!model || !reads((*model)->signature(), features)) return std::nullopt;
  // A classifier of two labels gives the probability of the second; its `score` is of the likelier one.
  const Schema& outputs = *(*model)->signature().outputs;
  std::optional<std::uint32_t> column;
  for (std::uint32_t at = 0; at < outputs.fields().size(); ++at) {
    const Field& field = outputs.fields()[at];
    if (field.name == "probabilities" && field.type == Type::float32_list) column = at;
    if (field.name == "score" && field.type == Type::float64 && !column) column = at;
  }
  if (!column) return std::nullopt;
  return Incumbent(*std::move(model), *column);
}

Result<Prediction> Incumbent::predict(const Examples& rows, std::uint64_t first, std::uint64_t count) const {
  std::vector<Column> columns;
  if (rows.numbers.columns == 0) {
    const auto texts = rows.texts.subspan(first, count);
    columns.push_back(make_strings(std::vector<std::string_view>(texts.begin(), texts.end())));
  }
  std::vector<double> values(count);
  for (std::uint64_t at = 0; at < rows.numbers.columns; ++at) {
    for (std::uint64_t row = 0; row < count; ++row)
      values[row] = rows.numbers.values[(first + row) * rows.numbers.columns + at];
    columns.push_back(make_float64s(values));
  }
  const std::uint32_t counts[] = {static_cast<std::uint32_t>(columns.size())};
  return model_->predict(columns, counts);
}

Result<std::vector<float>> Incumbent::answers(const Examples& rows) const {
  std::vector<float> all;
  all.reserve(rows.size());
  const std::uint64_t call = std::max(model_->signature().batch_rows, 1u);
  for (std::uint64_t first = 0; first < rows.size(); first += call) {
    LEAT_TRY_ASSIGN(const Prediction answer,
                    predict(rows, first, std::min<std::uint64_t>(call, rows.size() - first)));
    if (!answer.failed.empty()) return Failure(answer.failed.front().error);
    const Column& column = answer.outputs.column(column_);
    for (std::uint32_t row = 0; row < column.row_count(); ++row) {
      if (column.type() == Type::float64) {
        all.push_back(static_cast<float>(column.float64(row)));
        continue;
      }
      const std::span<const float> probabilities = column.floats(row);
      if (probabilities.size() != 2)
        return fail(Code::model_mismatch, "it tells between more than two labels");
      all.push_back(probabilities[1]);
    }
  }
  return all;
}

}  // namespace leat
