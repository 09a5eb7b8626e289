#include "expr/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/config_node.hpp>

#include "expr/functions.hpp"

namespace leat::expr {

std::string to_text(StaticType type) {
  constexpr std::string_view kNames[] = {"any",   "null",      "bool",     "int",  "double", "string",
                                         "bytes", "timestamp", "duration", "list", "map"};
  return std::string(kNames[static_cast<int>(type.kind)]);
}

StaticType type_of_field(const Field& field) {
  using enum TypeKind;
  switch (field.type) {
    case Type::boolean:
      return {boolean, dyn, field.nullable};
    case Type::int64:
      return {integer, dyn, field.nullable};
    case Type::float64:
      return {floating, dyn, field.nullable};
    case Type::string:
      return {string, dyn, field.nullable};
    case Type::bytes:
      return {bytes, dyn, field.nullable};
    case Type::timestamp:
      return {timestamp, dyn, field.nullable};
    case Type::float32_list:
      return {list, floating, field.nullable};
    case Type::any:
      return {dyn, dyn, true};
  }
  return {};
}

std::optional<Type> column_type(StaticType type) {
  using enum TypeKind;
  switch (type.kind) {
    case boolean:
      return Type::boolean;
    case integer:
      return Type::int64;
    case floating:
      return Type::float64;
    case string:
      return Type::string;
    case bytes:
      return Type::bytes;
    case timestamp:
      return Type::timestamp;
    case duration:
      return std::nullopt;
    case list:
      return type.element == floating ? Type::float32_list : Type::any;
    case dyn:
    case null:
    case map:
      return Type::any;
  }
  return std::nullopt;
}

namespace {

using enum TypeKind;

bool is_number(TypeKind kind) {
  return kind == integer || kind == floating;
}

class Checker {
 public:
  Checker(const Schema* schema, bool dynamic) : schema_(schema), dynamic_(dynamic) {}

  std::optional<CheckError> run(Node& root) {
    visit(root);
    return std::move(error_);
  }

 private:
  void fail(Code code, Span span, std::string message, std::string suggestion = {}) {
    if (!error_) error_ = CheckError{code, std::move(message), span, std::move(suggestion)};
  }

  void visit(Node& node) {
    if (error_) return;
    switch (node.kind) {
      case NodeKind::literal:
        node.type = {kind_of(node.value), dyn, node.value.is_null()};
        return;
      case NodeKind::field:
        return field(node);
      case NodeKind::local:
        return;
      case NodeKind::comprehension:
        return comprehension(node);
      default:
        break;
    }
    for (const NodePtr& child : node.children) visit(*child);
    if (error_) return;
    switch (node.kind) {
      case NodeKind::unary:
        return unary(node);
      case NodeKind::binary:
        return binary(node);
      case NodeKind::conditional:
        return conditional(node);
      case NodeKind::select:
        return select(node);
      case NodeKind::has:
        node.type = {boolean, dyn, false};
        return;
      case NodeKind::index:
        return index(node);
      case NodeKind::call:
        return call(node);
      case NodeKind::list:
        return list_literal(node);
      case NodeKind::map:
        node.type = {map, dyn, false};
        return;
      default:
        return;
    }
  }

  void field(Node& node) {
    for (std::size_t at = locals_.size(); at-- > 0;)
      if (locals_[at].name == node.name) {
        node.kind = NodeKind::local;
        node.slot = at;
        node.type = locals_[at].type;
        return;
      }
    if (schema_ != nullptr) {
      if (const auto index = schema_->index_of(node.name)) {
        node.slot = *index;
        node.type = type_of_field((*schema_)[*index]);
        return;
      }
    } else if (dynamic_) {
      return;  // dyn
    }
    std::vector<std::string> names;
    if (schema_ != nullptr)
      for (const Field& known : schema_->fields()) names.push_back(known.name);
    fail(Code::unknown_field, node.span, fmt::format("no field named `{}`", node.name),
         suggest(node.name, names));
  }

  void unary(Node& node) {
    const StaticType operand = node.children[0]->type;
    const bool logical = node.op == Op::logical_not;
    const bool fits = operand.kind == dyn || (logical ? operand.kind == boolean
                                                      : is_number(operand.kind) || operand.kind == duration);
    if (!fits)
      return fail(Code::type_mismatch, node.span,
                  fmt::format("`{}` does not work on {}", logical ? "!" : "-", to_text(operand)));
    node.type = {logical ? boolean : operand.kind, dyn, false};
  }

  void binary(Node& node) {
    const StaticType a = node.children[0]->type, b = node.children[1]->type;
    switch (node.op) {
      case Op::logical_and:
      case Op::logical_or:
        return logical(node);
      case Op::eq:
      case Op::ne:
        node.type = {boolean, dyn, false};
        if (!comparable(a, b, true)) mismatch(node, node.op == Op::eq ? "==" : "!=", a, b);
        return;
      case Op::lt:
      case Op::le:
      case Op::gt:
      case Op::ge:
        node.type = {boolean, dyn, false};
        if (!comparable(a, b, false)) mismatch(node, "<", a, b);
        return;
      case Op::in:
        node.type = {boolean, dyn, false};
        if (b.kind != dyn && b.kind != list && b.kind != map)
          fail(Code::type_mismatch, node.span,
               fmt::format("`in` needs a list or a map behind it, found {}", to_text(b)));
        return;
      default:
        return arithmetic(node, a, b);
    }
  }

  void logical(Node& node) {
    node.type = {boolean, dyn, false};
    for (const NodePtr& child : node.children)
      if (child->type.kind != boolean && child->type.kind != dyn)
        fail(Code::type_mismatch, child->span,
             fmt::format("`{}` needs bool on both sides, found {}", node.op == Op::logical_and ? "&&" : "||",
                         to_text(child->type)));
  }

  static bool comparable(StaticType a, StaticType b, bool equality) {
    if (a.kind == dyn || b.kind == dyn) return true;
    if (equality && (a.kind == null || b.kind == null)) return true;
    if (is_number(a.kind) && is_number(b.kind)) return true;
    return a.kind == b.kind && (equality || (a.kind != list && a.kind != map && a.kind != null));
  }

  void mismatch(const Node& node, std::string_view op, StaticType a, StaticType b) {
    std::string hint;
    if (is_number(a.kind) && is_number(b.kind)) hint = "convert one with double() or int()";
    if ((a.kind == string && is_number(b.kind)) || (b.kind == string && is_number(a.kind)))
      hint = "convert one with string(), int() or double()";
    fail(Code::type_mismatch, node.span,
         fmt::format("`{}` does not work on {} and {}", op, to_text(a), to_text(b)), hint);
  }

  void arithmetic(Node& node, StaticType a, StaticType b) {
    constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "%"};
    node.type = {};
    const bool any = a.kind == dyn || b.kind == dyn;
    if (any) return;
    if (a.kind == b.kind && is_number(a.kind) && !(node.op == Op::mod && a.kind == floating)) {
      node.type = {a.kind, dyn, false};
    } else if (node.op == Op::add && a.kind == b.kind && (a.kind == string || a.kind == bytes)) {
      node.type = {a.kind, dyn, false};
    } else if (node.op == Op::add && a.kind == list && b.kind == list) {
      node.type = {list, a.element == b.element ? a.element : dyn, false};
    } else if ((node.op == Op::add || node.op == Op::sub) && a.kind == timestamp && b.kind == duration) {
      node.type = {timestamp, dyn, false};
    } else if (node.op == Op::add && a.kind == duration && b.kind == timestamp) {
      node.type = {timestamp, dyn, false};
    } else if ((node.op == Op::add || node.op == Op::sub) && a.kind == duration && b.kind == duration) {
      node.type = {duration, dyn, false};
    } else if (node.op == Op::sub && a.kind == timestamp && b.kind == timestamp) {
      node.type = {duration, dyn, false};
    } else {
      mismatch(node, kSymbols[static_cast<int>(node.op)], a, b);
    }
  }

  void conditional(Node& node) {
    const StaticType condition = node.children[0]->type, a = node.children[1]->type,
                     b = node.children[2]->type;
    if (condition.kind != boolean && condition.kind != dyn)
      return fail(Code::type_mismatch, node.children[0]->span,
                  fmt::format("the condition must be bool, found {}", to_text(condition)));
    if (a.kind == null || b.kind == null) {
      node.type = a.kind == null ? b : a;
      node.type.nullable = true;
    } else if (a.kind == b.kind) {
      node.type = {a.kind, a.element == b.element ? a.element : dyn, a.nullable || b.nullable};
    } else if (a.kind == dyn || b.kind == dyn) {
      node.type = {dyn, dyn, true};
    } else {
      fail(Code::type_mismatch, node.span,
           fmt::format("both results of `? :` must have one type, found {} and {}", to_text(a), to_text(b)));
    }
  }

  void select(Node& node) {
    const StaticType target = node.children[0]->type;
    if (target.kind != dyn && target.kind != map)
      fail(Code::type_mismatch, node.span, fmt::format("a {} has no field `{}`", to_text(target), node.name));
    node.type = {dyn, dyn, true};
  }

  void index(Node& node) {
    const StaticType target = node.children[0]->type, position = node.children[1]->type;
    if (target.kind != dyn && target.kind != list && target.kind != map)
      return fail(Code::type_mismatch, node.span, fmt::format("a {} can't be indexed", to_text(target)));
    if (target.kind == list && position.kind != integer && position.kind != dyn)
      return fail(Code::type_mismatch, node.children[1]->span,
                  fmt::format("a list is indexed by int, found {}", to_text(position)));
    node.type = {target.kind == list ? target.element : dyn, dyn,
                 target.kind != list || target.element == dyn};
  }

  void list_literal(Node& node) {
    TypeKind element = node.children.empty() ? dyn : node.children[0]->type.kind;
    for (const NodePtr& child : node.children)
      if (child->type.kind != element) element = dyn;
    node.type = {list, element == list || element == map ? dyn : element, false};
  }

  void comprehension(Node& node) {
    visit(*node.children[0]);
    if (error_) return;
    const StaticType range = node.children[0]->type;
    if (range.kind != dyn && range.kind != list && range.kind != map)
      return fail(Code::type_mismatch, node.span,
                  fmt::format("`{}` works on lists and maps, found {}", node.name, to_text(range)));
    node.slot = locals_.size();
    locals_.push_back({node.variable, {range.kind == list ? range.element : dyn, dyn, range.kind != list}});
    for (std::size_t at = 1; at < node.children.size(); ++at) visit(*node.children[at]);
    locals_.pop_back();
    if (error_) return;
    const bool test_first = node.name != "map" || node.children.size() == 3;
    const StaticType test = node.children[1]->type;
    if (test_first && test.kind != boolean && test.kind != dyn)
      return fail(Code::type_mismatch, node.children[1]->span,
                  fmt::format("`{}` needs a bool for every element, found {}", node.name, to_text(test)));
    if (node.name == "filter")
      node.type = {list, range.element, false};
    else if (node.name == "map")
      node.type = {list, node.children.back()->type.kind, false};
    else
      node.type = {boolean, dyn, false};
    if (node.type.kind == list && (node.type.element == list || node.type.element == map))
      node.type.element = dyn;
  }

  void call(Node& node) {
    std::vector<std::string> names;
    std::vector<const Function*> overloads;
    for (const Function& function : functions()) {
      if (names.empty() || names.back() != function.name) names.emplace_back(function.name);
      if (function.name == node.name) overloads.push_back(&function);
    }
    if (overloads.empty()) return unknown_function(node, names);
    for (const Function* function : overloads)
      if (fits(*function, node)) {
        node.function = function;
        node.type = function->result;
        return prepare(node);
      }
    wrong_arguments(node, *overloads.front());
  }

  static bool fits(const Function& function, const Node& node) {
    if (function.parameters.size() != node.children.size()) return false;
    for (std::size_t at = 0; at < node.children.size(); ++at)
      if (!accepts(function.parameters[at], node.children[at]->type)) return false;
    return true;
  }

  void unknown_function(const Node& node, const std::vector<std::string>& names) {
    constexpr std::string_view kLeftOut[] = {"uint", "type",     "getTime", "format", "reverse",
                                             "sort", "distinct", "sum",     "min",    "max"};
    for (const std::string_view name : kLeftOut)
      if (node.name == name)
        return fail(Code::unsupported_expression, node.span, fmt::format("`{}` is not supported", name));
    fail(Code::unknown_function, node.span, fmt::format("no function named `{}`", node.name),
         suggest(node.name, names));
  }

  void wrong_arguments(const Node& node, const Function& example) {
    std::string found, wanted;
    for (const NodePtr& child : node.children) found += (found.empty() ? "" : ", ") + to_text(child->type);
    for (const TypeKind kind : example.parameters)
      wanted += (wanted.empty() ? "" : ", ") + to_text(StaticType{kind, dyn, false});
    fail(Code::type_mismatch, node.span,
         fmt::format("`{}` takes ({}), found ({})", node.name, wanted, found));
  }

  // A constant pattern is compiled once, and a wrong one found before anything runs.
  void prepare(Node& node) {
    if (node.name != "matches" || node.children[1]->kind != NodeKind::literal) return;
    auto pattern = compile_pattern(*node.children[1]->value.as<std::string>());
    if (pattern)
      node.prepared = *std::move(pattern);
    else
      fail(Code::bad_expression, node.children[1]->span, pattern.error().message);
  }

  struct Local {
    std::string name;
    StaticType type;
  };
  const Schema* schema_;
  bool dynamic_;
  std::vector<Local> locals_;
  std::optional<CheckError> error_;
};

}  // namespace

std::optional<CheckError> check(Node& root, const Schema* schema, bool dynamic) {
  return Checker(schema, dynamic).run(root);
}

}  // namespace leat::expr
