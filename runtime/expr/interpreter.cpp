#include "expr/interpreter.hpp"

#include <fmt/format.h>

#include "expr/functions.hpp"

namespace leat::expr {
namespace {

constexpr std::size_t kListMax = 1'000'000;

}  // namespace

Result<Value> Interpreter::evaluate(const Node& node) {
  switch (node.kind) {
    case NodeKind::literal:
      return node.value;
    case NodeKind::field:
      return row_.field(node);
    case NodeKind::local:
      return locals_[node.slot];
    case NodeKind::unary: {
      LEAT_TRY_ASSIGN(const Value operand, evaluate(*node.children[0]));
      return apply(node.op, operand);
    }
    case NodeKind::binary: {
      if (node.op == Op::logical_and || node.op == Op::logical_or) return logical(node);
      LEAT_TRY_ASSIGN(const Value a, evaluate(*node.children[0]));
      LEAT_TRY_ASSIGN(const Value b, evaluate(*node.children[1]));
      return apply(node.op, a, b);
    }
    case NodeKind::conditional: {
      LEAT_TRY_ASSIGN(const Value condition, evaluate(*node.children[0]));
      const bool* truth = condition.as<bool>();
      if (truth == nullptr) return failed(fmt::format("the condition is {}, not bool", type_name(condition)));
      return evaluate(*node.children[*truth ? 1 : 2]);
    }
    case NodeKind::select: {
      LEAT_TRY_ASSIGN(const Value target, evaluate(*node.children[0]));
      return select(target, node.name);
    }
    case NodeKind::has:
      return has(*node.children[0]);
    case NodeKind::index: {
      LEAT_TRY_ASSIGN(const Value target, evaluate(*node.children[0]));
      LEAT_TRY_ASSIGN(const Value position, evaluate(*node.children[1]));
      return index(target, position);
    }
    case NodeKind::call:
      return call(node);
    case NodeKind::list: {
      List list;
      for (const NodePtr& child : node.children) {
        LEAT_TRY_ASSIGN(Value item, evaluate(*child));
        list.push_back(std::move(item));
      }
      return Value(std::move(list));
    }
    case NodeKind::map: {
      Map map;
      for (std::size_t at = 0; at < node.children.size(); at += 2) {
        LEAT_TRY_ASSIGN(Value key, evaluate(*node.children[at]));
        LEAT_TRY_ASSIGN(Value value, evaluate(*node.children[at + 1]));
        for (const auto& [other, ignored] : map)
          if (equal(other, key)) return failed("a key stands twice in the map");
        map.emplace_back(std::move(key), std::move(value));
      }
      return Value(std::move(map));
    }
    case NodeKind::comprehension:
      return comprehension(node);
  }
  return Value();
}

// One side that decides makes the other's error or type irrelevant, whichever side it is.
Result<Value> Interpreter::logical(const Node& node) {
  const bool decisive = node.op == Op::logical_or;
  Result<Value> left = evaluate(*node.children[0]);
  const bool* a = left ? left->as<bool>() : nullptr;
  if (a != nullptr && *a == decisive) return decisive;
  Result<Value> right = evaluate(*node.children[1]);
  const bool* b = right ? right->as<bool>() : nullptr;
  if (b != nullptr && *b == decisive) return decisive;
  if (!left) return left;
  if (!right) return right;
  if (a == nullptr || b == nullptr) return no_overload(node.op, *left, *right);
  return !decisive;
}

Result<Value> Interpreter::select(const Value& target, const std::string& name) const {
  const Map* map = target.map();
  if (map == nullptr) return failed(fmt::format("a {} has no field `{}`", type_name(target), name));
  for (const auto& [key, value] : *map)
    if (const auto* text = key.as<std::string>(); text != nullptr && *text == name) return value;
  return failed(fmt::format("no such key: {}", name));
}

Result<Value> Interpreter::index(const Value& target, const Value& position) const {
  if (const Map* map = target.map()) {
    for (const auto& [key, value] : *map)
      if (equal(key, position)) return value;
    return failed(fmt::format("no such key: {}", value_to_json(position)));
  }
  const List* list = target.list();
  if (list == nullptr) return failed(fmt::format("a {} can't be indexed", type_name(target)));
  std::int64_t at = -1;
  if (const auto* number = position.as<std::int64_t>())
    at = *number;
  else if (const auto* floating = position.as<double>();
           floating != nullptr && *floating >= 0 && *floating < static_cast<double>(kListMax) &&
           *floating == static_cast<double>(static_cast<std::int64_t>(*floating)))
    at = static_cast<std::int64_t>(*floating);
  if (at < 0 || static_cast<std::size_t>(at) >= list->size())
    return failed(fmt::format("index {} is out of range (size {})", value_to_json(position), list->size()));
  return (*list)[static_cast<std::size_t>(at)];
}

Result<Value> Interpreter::has(const Node& node) {
  if (node.kind == NodeKind::field) return row_.has(node);
  if (node.kind != NodeKind::select) return !evaluate(node)->is_null();
  LEAT_TRY_ASSIGN(const Value target, evaluate(*node.children[0]));
  const Map* map = target.map();
  if (map == nullptr) return failed(fmt::format("`has` needs a map, found {}", type_name(target)));
  for (const auto& [key, value] : *map)
    if (const auto* text = key.as<std::string>(); text != nullptr && *text == node.name) return true;
  return false;
}

Result<Value> Interpreter::call(const Node& node) {
  std::vector<Value> arguments;
  arguments.reserve(node.children.size());
  for (const NodePtr& child : node.children) {
    LEAT_TRY_ASSIGN(Value argument, evaluate(*child));
    arguments.push_back(std::move(argument));
  }
  const auto fits = [&](const Function& function) {
    if (function.name != node.name || function.parameters.size() != arguments.size()) return false;
    for (std::size_t at = 0; at < arguments.size(); ++at)
      if (!accepts(function.parameters[at], arguments[at])) return false;
    return true;
  };
  if (node.prepared && arguments[0].as<std::string>())
    return matches_pattern(node.prepared.get(), *arguments[0].as<std::string>());
  if (fits(*node.function)) return node.function->call(arguments);
  for (const Function& function : functions())  // the checker chose by static types; dyn decides here
    if (fits(function)) return function.call(arguments);
  std::string found;
  for (const Value& argument : arguments)
    found += (found.empty() ? "" : ", ") + std::string(type_name(argument));
  return failed(fmt::format("`{}` does not work on ({})", node.name, found));
}

Result<Value> Interpreter::comprehension(const Node& node) {
  LEAT_TRY_ASSIGN(const Value range, evaluate(*node.children[0]));
  List keys;
  const List* items = range.list();
  if (const Map* map = range.map()) {  // a map is walked by its keys
    for (const auto& [key, value] : *map) keys.push_back(key);
    items = &keys;
  }
  if (items == nullptr)
    return failed(fmt::format("`{}` works on lists and maps, found {}", node.name, type_name(range)));
  locals_.resize(std::max(locals_.size(), node.slot + 1));
  return node.name == "map" || node.name == "filter" ? transform(node, *items) : quantify(node, *items);
}

// all and exists absorb errors like && and ||; exists_one does not.
Result<Value> Interpreter::quantify(const Node& node, const List& items) {
  std::optional<Error> error;
  std::size_t count = 0;
  for (const Value& item : items) {
    locals_[node.slot] = item;
    Result<Value> result = evaluate(*node.children[1]);
    const bool* truth = result ? result->as<bool>() : nullptr;
    if (truth == nullptr) {
      Error found = result ? failed(fmt::format("`{}` needs a bool for every element, found {}", node.name,
                                                type_name(*result)))
                                 .value()
                           : result.error();
      if (node.name == "exists_one") return Failure(std::move(found));
      if (!error) error = std::move(found);
      continue;
    }
    if (node.name == "all" && !*truth) return false;
    if (node.name == "exists" && *truth) return true;
    count += *truth ? 1 : 0;
  }
  if (error) return Failure(*std::move(error));
  if (node.name == "exists_one") return count == 1;
  return node.name == "all";
}

Result<Value> Interpreter::transform(const Node& node, const List& items) {
  List out;
  const bool tests = node.name == "filter" || node.children.size() == 3;
  for (const Value& item : items) {
    locals_[node.slot] = item;
    if (tests) {
      LEAT_TRY_ASSIGN(const Value keep, evaluate(*node.children[1]));
      const bool* truth = keep.as<bool>();
      if (truth == nullptr)
        return failed(
            fmt::format("`{}` needs a bool for every element, found {}", node.name, type_name(keep)));
      if (!*truth) continue;
    }
    if (node.name == "filter") {
      out.push_back(item);
      continue;
    }
    LEAT_TRY_ASSIGN(Value made, evaluate(*node.children.back()));
    out.push_back(std::move(made));
  }
  return Value(std::move(out));
}

}  // namespace leat::expr
