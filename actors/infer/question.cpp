#include "infer/question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/context.hpp>

#include "infer/text_input.hpp"

namespace leat {

Question make_question(const ModelColumns& inputs, NullInput on_null, const Batch& rows, Context& ctx) {
  Question asked{rows, {}, {}};
  std::vector<std::optional<Error>> errors;  // by row; empty while there are none
  const auto fail_row = [&](std::uint32_t row, Error error) {
    errors.resize(rows.row_count());
    if (!errors[row]) errors[row] = std::move(error);
  };
  for (const Expression& expression : inputs.columns) {
    Evaluated value = expression.evaluate(rows);
    for (Evaluated::Failed& failed : value.failed) fail_row(failed.row, std::move(failed.error));
    if (value.values.null_count() != 0 && on_null != NullInput::missing)
      for (std::uint32_t row = 0; row < rows.row_count(); ++row) {
        if (!value.values.is_null(row)) continue;
        if (on_null == NullInput::keep)
          asked.absent.push_back(row);
        else
          fail_row(
              row,
              {Code::missing_value, fmt::format("`{}` is null; the model needs it", expression.text()), {}});
      }
    asked.columns.push_back(std::move(value.values));
  }
  std::ranges::sort(asked.absent);
  asked.absent.erase(std::ranges::unique(asked.absent).begin(), asked.absent.end());
  if (errors.empty()) return asked;
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> absent;
  for (std::uint32_t row = 0; row < rows.row_count(); ++row)
    if (errors[row]) {
      ctx.reject(rows, row, *std::move(errors[row]));
    } else {
      if (std::ranges::binary_search(asked.absent, row))
        absent.push_back(static_cast<std::uint32_t>(kept.size()));
      kept.push_back(row);
    }
  asked.absent = std::move(absent);
  asked.rows = rows.take(kept);
  for (Column& column : asked.columns) column = column.take(kept);
  return asked;
}

void emit_answers(Question asked, Prediction prediction, const Answers& answers, const std::string& by,
                  Context& ctx) {
  // What a model says of a row without its input counts for nothing, a failure neither.
  std::erase_if(prediction.failed, [&](const Evaluated::Failed& failed) {
    return std::ranges::binary_search(asked.absent, failed.row);
  });
  const std::vector<Column> added = answers.columns(prediction, asked.absent, by);
  std::vector<Column> columns(asked.rows.columns().begin(), asked.rows.columns().end());
  columns.insert(columns.end(), added.begin(), added.end());
  Batch result(ctx.output_schema(InferPorts::out), columns, asked.rows.row_count());
  if (!prediction.failed.empty()) {
    std::vector<std::uint32_t> failed;
    for (Evaluated::Failed& failure : prediction.failed) {
      failed.push_back(failure.row);
      ctx.reject(asked.rows, failure.row, std::move(failure.error));
    }
    result = result.take(others(asked.rows.row_count(), failed));
  }
  ctx.emit(InferPorts::out, std::move(result).with_entered(asked.rows.entered()));
}

}  // namespace leat
