#include "transform/row_choice.hpp"

#include <algorithm>

namespace leat {

void RowChoice::choose_true(const Evaluated& condition) {
  const Column& values = condition.values;
  const std::uint32_t count = values.row_count();
  if (rows_.size() < count) rows_.resize(count);
  // Without a branch: whether a row passes is what a predictor can't know.
  std::uint32_t* next = rows_.data();
  if (values.null_count() == 0) {
    for (std::uint32_t row = 0; row < count; ++row) {
      *next = row;
      next += values.boolean(row) ? 1 : 0;
    }
  } else {
    for (std::uint32_t row = 0; row < count; ++row) {
      *next = row;
      next += values.boolean(row) && !values.is_null(row) ? 1 : 0;
    }
  }
  rows_.resize(static_cast<std::size_t>(next - rows_.data()));
  if (condition.failed.empty()) return;
  auto failed = condition.failed.begin();
  std::erase_if(rows_, [&](std::uint32_t row) {
    while (failed != condition.failed.end() && failed->row < row) ++failed;
    return failed != condition.failed.end() && failed->row == row;
  });
}

Batch RowChoice::of(const Batch& batch) const {
  if (rows_.size() == batch.row_count()) return batch;
  if (rows_.empty()) return {};
  if (rows_.back() - rows_.front() + 1 == rows_.size())
    return batch.slice(rows_.front(), static_cast<std::uint32_t>(rows_.size()));
  return batch.take(rows_);
}

}  // namespace leat
