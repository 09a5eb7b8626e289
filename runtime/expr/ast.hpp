#pragma once

#include <optional>

#include "expr/lexer.hpp"
#include "expr/value.hpp"

namespace leat::expr {

enum class TypeKind : std::uint8_t {
  dyn,
  null,
  boolean,
  integer,
  floating,
  string,
  bytes,
  timestamp,
  duration,
  list,
  map
};

/// What the checker knows of a value. `element` is for lists; `nullable`: null is possible, and fails most
/// operators.
struct StaticType {
  TypeKind kind = TypeKind::dyn;
  TypeKind element = TypeKind::dyn;
  bool nullable = false;
};
std::string to_text(StaticType type);

/// Indexed by the operators' tokens in operators.cpp.
enum class Op : std::uint8_t {
  add,
  sub,
  mul,
  div,
  mod,
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  in,
  logical_and,
  logical_or,
  logical_not,
  negate
};

enum class NodeKind : std::uint8_t {
  literal,        ///< value
  field,          ///< a column, `slot` after checking; for dynamic evaluation a variable `name`
  local,          ///< a macro's variable; `slot` is its depth
  unary,          ///< op, children[0]
  binary,         ///< op, children[0..1]
  conditional,    ///< children[0] ? children[1] : children[2]
  select,         ///< children[0].name
  has,            ///< has(children[0]): a field or a selection
  index,          ///< children[0][children[1]]
  call,           ///< name(children...), methods with their receiver first
  list,           ///< [children...]
  map,            ///< {children[0]: children[1], ...}
  comprehension,  ///< macro `name` over children[0], with children[1..] as its expressions and `slot` as its
                  ///< variable
};

struct Node {
  NodeKind kind = NodeKind::literal;
  Op op = Op::add;
  Span span;
  std::string name;
  std::string variable;  ///< comprehension: the user's name for the element
  Value value;
  std::vector<std::unique_ptr<Node>> children;
  // set by the checker
  StaticType type;
  std::size_t slot = 0;
  const struct Function* function = nullptr;
  std::shared_ptr<const void> prepared;  ///< a compiled pattern
};
using NodePtr = std::unique_ptr<Node>;

/// Parses CEL's grammar; nested at most 100 deep.
struct Parsed {
  NodePtr root;  ///< null on an error
  SyntaxError error;
};
Parsed parse(std::string_view text);

}  // namespace leat::expr
