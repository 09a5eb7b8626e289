#include "infer/question.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "infer/text_input.hpp"

namespace leat {

Question make_question(const ModelColumns& inputs, NullInput on_null, const Batch& rows) {
  Question asked{rows, {}, {}, {}, {}};
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
  asked.absent.erase(std::unique(asked.absent.begin(), asked.absent.end()), asked.absent.end());
  if (errors.empty()) return asked;
  std::vector<std::uint32_t> kept;
  std::vector<Evaluated::Failed> failed;
  for (std::uint32_t row = 0; row < rows.row_count(); ++row)
    if (errors[row])
      failed.push_back({row, *std::move(errors[row])});
    else
      kept.push_back(row);
  asked = asked.take(kept);
  asked.failed = std::move(failed);
  return asked;
}

Question Question::take(std::span<const std::uint32_t> some) const {
  Question part{rows.take(some), {}, {}, {}, {}};
  for (const Column& column : columns) part.columns.push_back(column.take(some));
  for (std::uint32_t row = 0; row < some.size(); ++row) {
    if (std::ranges::binary_search(absent, some[row])) part.absent.push_back(row);
    part.kept.push_back(place(some[row]));
  }
  return part;
}

}  // namespace leat
