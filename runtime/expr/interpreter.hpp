#pragma once

#include <functional>

#include "expr/ast.hpp"

namespace leat::expr {

/// Where a row's values come from: a column's row, or a JSON event's member.
class Row {
 public:
  virtual ~Row() = default;
  virtual Result<Value> field(const Node& node) const = 0;
  virtual bool has(const Node& node) const = 0;
};

/// Evaluates a checked tree on one row, with CEL's semantics. The reference for the column kernels, and what
/// runs where there is none. One thread; holds the values of macro variables.
class Interpreter {
 public:
  explicit Interpreter(const Row& row) : row_(row) {}
  Result<Value> evaluate(const Node& node);

 private:
  Result<Value> logical(const Node& node);
  Result<Value> index(const Value& target, const Value& position) const;
  Result<Value> select(const Value& target, const std::string& name) const;
  Result<Value> call(const Node& node);
  Result<Value> comprehension(const Node& node);
  Result<Value> quantify(const Node& node, const List& items);
  Result<Value> transform(const Node& node, const List& items);
  Result<Value> has(const Node& node);

  const Row& row_;
  std::vector<Value> locals_;
};

}  // namespace leat::expr
