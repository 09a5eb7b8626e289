#include <fmt/format.h>

#include <leat/codec.hpp>
#include <leat/expression.hpp>

#include "expr/checker.hpp"
#include "expr/functions.hpp"
#include "expr/interpreter.hpp"
#include "expr/kernels.hpp"

namespace leat {
namespace expr {

/// A checked expression; immutable.
struct Program {
  NodePtr root;
  Type type;
};

namespace {

// A JSON event's members as variables.
class EventRow final : public Row {
 public:
  explicit EventRow(Value event) : event_(std::move(event)) {}
  Result<Value> field(const Node& node) const override {
    if (const Value* value = find(node.name)) return *value;
    return failed(fmt::format("the event has no field `{}`", node.name));
  }
  bool has(const Node& node) const override {
    const Value* value = find(node.name);
    return value != nullptr && !value->is_null();
  }

 private:
  const Value* find(const std::string& name) const {
    for (const auto& [key, value] : *event_.map())
      if (const auto* text = key.as<std::string>(); text != nullptr && *text == name) return &value;
    return nullptr;
  }
  Value event_;
};

// Constant subtrees are computed once. One that fails is left as it is: whether it runs at all depends on the
// row.
void fold(NodePtr& node) {
  for (NodePtr& child : node->children) fold(child);
  const bool foldable = node->kind == NodeKind::unary || node->kind == NodeKind::binary ||
                        node->kind == NodeKind::call || node->kind == NodeKind::list;
  if (!foldable) return;
  for (const NodePtr& child : node->children)
    if (child->kind != NodeKind::literal) return;
  const EventRow nothing{Value(Map{})};
  Result<Value> value = Interpreter(nothing).evaluate(*node);
  if (!value) return;
  node->kind = NodeKind::literal;
  node->value = *std::move(value);
  node->children.clear();
}

Expression::Problem problem_at(Code code, std::string message, Span span, std::string suggestion) {
  Expression::Problem problem;
  problem.error = {code, std::move(message), {}};
  problem.offset = span.offset;
  problem.length = span.length;
  problem.suggestion = std::move(suggestion);
  return problem;
}

std::optional<Expression::Problem> type_problem(const Node& root, std::optional<Type> expected) {
  const auto found = column_type(root.type);
  if (!found)
    return problem_at(Code::type_mismatch, "a duration can't be a field", root.span,
                      "convert it with getSeconds(), getMilliseconds() or string()");
  if (!expected || *found == *expected || root.type.kind == TypeKind::dyn ||
      (root.type.kind == TypeKind::null))
    return std::nullopt;
  std::string hint;
  if (*expected == Type::float64 && *found == Type::int64) hint = "convert it with double()";
  if (*expected == Type::string) hint = "convert it with string()";
  return problem_at(Code::type_mismatch,
                    fmt::format("this is {}, expected {}", to_text(*found), to_text(*expected)), root.span,
                    hint);
}

}  // namespace
}  // namespace expr

std::optional<Expression::Problem> Expression::bind(const SchemaPtr& schema, std::optional<Type> expected) {
  using namespace expr;
  Parsed parsed = parse(text_);
  if (!parsed.root)
    return problem_at(parsed.error.unsupported ? Code::unsupported_expression : Code::bad_expression,
                      parsed.error.message, parsed.error.span, parsed.error.suggestion);
  if (auto error = check(*parsed.root, schema.get(), false))
    return problem_at(error->code, error->message, error->span, error->suggestion);
  fold(parsed.root);
  if (auto problem = type_problem(*parsed.root, expected)) return problem;
  const Type type =
      parsed.root->type.kind == TypeKind::null || (expected && parsed.root->type.kind == TypeKind::dyn)
          ? expected.value_or(Type::any)
          : *column_type(parsed.root->type);
  program_ = std::make_shared<const Program>(Program{std::move(parsed.root), type});
  return std::nullopt;
}

Type Expression::type() const {
  return program_->type;
}
bool Expression::nullable() const {
  const expr::StaticType& type = program_->root->type;
  return type.nullable || type.kind == expr::TypeKind::null || type.kind == expr::TypeKind::dyn;
}

Evaluated Expression::evaluate(const Batch& batch) const {
  if (const auto index = field_index()) return {batch.column(*index), {}};
  return expr::evaluate(*program_->root, batch, program_->type);
}

std::optional<std::size_t> Expression::field_index() const {
  const expr::Node& root = *program_->root;
  // A field without a schema (`any`) is not yet what was asked for: each row's value must be looked at.
  if (root.kind != expr::NodeKind::field || expr::column_type(root.type) != program_->type)
    return std::nullopt;
  return root.slot;
}

Result<std::string> evaluate_json(const std::string& expression, const std::string& event_json) {
  using namespace expr;
  Parsed parsed = parse(expression);
  const auto positioned = [&](Code code, const std::string& message, Span span, const std::string& hint) {
    return fail(code, fmt::format("{}{}{}", message, hint.empty() ? "" : "; ", hint),
                fmt::format("column {}", span.offset + 1));
  };
  if (!parsed.root)
    return positioned(parsed.error.unsupported ? Code::unsupported_expression : Code::bad_expression,
                      parsed.error.message, parsed.error.span, parsed.error.suggestion);
  const bool closed = event_json.empty();
  if (auto error = check(*parsed.root, nullptr, !closed))
    return positioned(error->code, error->message, error->span, error->suggestion);
  Value event{Map{}};
  if (!closed) {
    LEAT_TRY_ASSIGN(const std::string packed, json_to_msgpack(event_json));
    LEAT_TRY_ASSIGN(event, value_from_msgpack(packed));
    if (event.map() == nullptr) return fail(Code::malformed_record, "the event is not a JSON object");
  }
  const EventRow row(std::move(event));
  LEAT_TRY_ASSIGN(const Value value, Interpreter(row).evaluate(*parsed.root));
  return value_to_json(value);
}

}  // namespace leat
