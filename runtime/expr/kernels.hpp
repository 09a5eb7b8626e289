#pragma once

#include <leat/expression.hpp>

#include "expr/ast.hpp"

namespace leat::expr {

/// Evaluates a checked tree over all rows of a batch, operator by operator, each a loop over a column. What
/// has no loop is interpreted row by row. Both give the same results (a property test compares them).
Evaluated evaluate(const Node& root, const Batch& batch, Type type);

}  // namespace leat::expr
