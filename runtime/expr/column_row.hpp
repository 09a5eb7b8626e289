#pragma once

#include <leat/batch.hpp>

#include "expr/interpreter.hpp"

namespace leat::expr {

/// The value of one cell.
Value value_in(const Column& column, std::uint32_t row);

/// One row of a batch after the other, for the interpreter.
class ColumnRow final : public Row {
 public:
  explicit ColumnRow(const Batch& batch) : batch_(batch) {}
  void move_to(std::uint32_t row) { row_ = row; }
  Result<Value> field(const Node& node) const override;
  bool has(const Node& node) const override { return !batch_.column(node.slot).is_null(row_); }

 private:
  const Batch& batch_;
  std::uint32_t row_ = 0;
};

}  // namespace leat::expr
