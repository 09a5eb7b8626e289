#pragma once

#include <span>

#include "expr/ast.hpp"

namespace leat::expr {

/// One overload of a function. Methods have their receiver as the first parameter.
struct Function {
  std::string_view name;
  bool method = false;
  std::vector<TypeKind> parameters;
  StaticType result;
  Result<Value> (*call)(std::span<const Value> arguments) = nullptr;
};

/// All overloads, grouped by name; made once.
const std::vector<Function>& functions();
/// Functions on timestamps and durations (time_functions.cpp).
void add_time_functions(std::vector<Function>& list);

/// Whether a value of static type `type` may be passed for `parameter`; dyn fits everything and is checked at
/// run time.
bool accepts(TypeKind parameter, StaticType type);
/// The run-time twin.
bool accepts(TypeKind parameter, const Value& value);
TypeKind kind_of(const Value& value);

/// An RE2 for `matches`, or why the pattern is none.
Result<std::shared_ptr<const void>> compile_pattern(const std::string& pattern);
bool matches_pattern(const void* compiled, std::string_view text);

/// "`+` does not work on int and null"
Failure no_overload(Op op, const Value& a, const Value& b);

Result<Value> apply(Op op, const Value& a, const Value& b);
Result<Value> apply(Op op, const Value& a);

/// Timestamps CEL can say: years 1 to 9999.
bool in_range(Time time);
inline Failure failed(std::string message) {
  return fail(Code::evaluation_failed, std::move(message));
}

/// Characters, not bytes.
std::size_t utf8_length(std::string_view text);

}  // namespace leat::expr
