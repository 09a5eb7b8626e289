#pragma once

#include "testing/rows.hpp"

namespace leat {

/// How rows are compared.
struct RowRule {
  bool unordered = false;
  double within = 0;  ///< how far float64 fields may be off
};

/// What was expected against what came, line by line: "  " is in both, "- " is missing, "+ " was not
/// expected. Unordered, only differences have lines.
struct RowDiff {
  bool equal = true;
  std::vector<std::string> lines;
};
RowDiff compare_rows(const TestRows& expected, const Batch& received, const RowRule& rule);

/// Whether two values of one type are equal; NaN equals NaN, maps in `any` values have no order.
bool same_value(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b,
                double within = 0);

/// One row as JSON; only `columns` if there are any.
std::string row_text(const Batch& batch, std::uint32_t row, const std::vector<std::size_t>& columns = {});

}  // namespace leat
