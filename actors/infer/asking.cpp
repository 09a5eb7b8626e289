#include "infer/asking.hpp"

#include <algorithm>

#include "infer/placeholder.hpp"

namespace leat {
namespace {

class Asking {
 public:
  Asking(const Model& model, std::span<const Column> columns, std::span<const std::uint32_t> counts)
      : model_(model), columns_(columns), counts_(counts) {}

  void ask(std::uint32_t first, std::uint32_t count) {
    std::vector<Column> part(columns_.size());
    std::ranges::transform(columns_, part.begin(),
                           [&](const Column& column) { return column.slice(first, count); });
    take(model_.predict(part, counts_), first, count);
  }

  void take(Result<Prediction> answer, std::uint32_t first, std::uint32_t count) {
    if (answer) {
      for (Evaluated::Failed& failed : answer->failed)
        failed_.push_back({first + failed.row, std::move(failed.error)});
      return outputs_.push_back(std::move(answer->outputs));
    }
    if (count > 1) {
      ask(first, count / 2);
      return ask(first + count / 2, count - count / 2);
    }
    failed_.push_back({first, std::move(answer).error()});
    outputs_.push_back(placeholder(model_.signature().outputs));
  }

  Prediction finish() {
    Batch all = outputs_.size() == 1 ? outputs_[0] : concat(outputs_);
    return {std::move(all), std::move(failed_)};
  }

 private:
  const Model& model_;
  std::span<const Column> columns_;
  std::span<const std::uint32_t> counts_;
  std::vector<Batch> outputs_;
  std::vector<Evaluated::Failed> failed_;
};

}  // namespace

Prediction ask(const Model& model, std::span<const Column> columns, std::span<const std::uint32_t> counts,
               std::uint32_t call_rows) {
  Asking asking(model, columns, counts);
  const std::uint32_t rows = columns[0].row_count();
  if (rows <= call_rows)
    asking.take(model.predict(columns, counts), 0, rows);
  else
    for (std::uint32_t first = 0; first < rows; first += call_rows)
      asking.ask(first, std::min(call_rows, rows - first));
  return asking.finish();
}

}  // namespace leat
