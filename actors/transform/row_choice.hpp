#pragma once

#include <leat/expression.hpp>

namespace leat {

/// Rows of one batch, ascending, chosen by a bool expression. Reused from batch to batch, so that a steady
/// stream does not allocate.
class RowChoice {
 public:
  /// Chooses the rows that are true: neither false, null nor failed.
  void choose_true(const Evaluated& condition);
  void clear() { rows_.clear(); }
  void add(std::uint32_t row) { rows_.push_back(row); }

  std::span<const std::uint32_t> rows() const { return rows_; }
  /// The chosen rows of a batch: the batch itself when all are chosen, a slice when they stand together, else
  /// a copy.
  Batch of(const Batch& batch) const;

 private:
  std::vector<std::uint32_t> rows_;
};

}  // namespace leat
