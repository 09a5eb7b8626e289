#include <fmt/format.h>

#include <cmath>

#include "expr/functions.hpp"

namespace leat::expr {
namespace {

std::string_view symbol(Op op) {
  constexpr std::string_view kSymbols[] = {"+",  "-", "*",  "/",  "%",  "==", "!=", "<",
                                           "<=", ">", ">=", "in", "&&", "||", "!",  "-"};
  return kSymbols[static_cast<int>(op)];
}

Result<Value> apply_ints(Op op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case Op::add:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Op::sub:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Op::mul:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    default:
      if (b == 0) return failed(op == Op::div ? "division by zero" : "modulus by zero");
      overflow = a == INT64_MIN && b == -1;
      if (!overflow) result = op == Op::div ? a / b : a % b;
  }
  if (overflow) return failed("the integer overflows");
  return result;
}

Result<Value> apply_doubles(Op op, double a, double b) {
  switch (op) {
    case Op::add:
      return a + b;
    case Op::sub:
      return a - b;
    case Op::mul:
      return a * b;
    case Op::div:
      return a / b;
    default:
      return failed("`%` does not work on double and double");
  }
}

Result<Value> checked(std::int64_t micros, bool overflow) {
  const Time time{Duration(micros)};
  if (overflow || !in_range(time)) return failed("the timestamp is out of range");
  return time;
}

Result<Value> apply_times(Op op, const Value& a, const Value& b) {
  const auto *a_time = a.as<Time>(), *b_time = b.as<Time>();
  const auto *a_span = a.as<Duration>(), *b_span = b.as<Duration>();
  std::int64_t result = 0;
  if (a_time && b_span) {
    const auto left = a_time->time_since_epoch().count(), right = b_span->count();
    return checked(result, op == Op::add ? __builtin_add_overflow(left, right, &result)
                                         : __builtin_sub_overflow(left, right, &result));
  }
  if (a_span && b_time && op == Op::add)
    return checked(result,
                   __builtin_add_overflow(a_span->count(), b_time->time_since_epoch().count(), &result));
  const bool spans = a_span && b_span, times = a_time && b_time && op == Op::sub;
  if (!spans && !times) return no_overload(op, a, b);
  const auto left = spans ? a_span->count() : a_time->time_since_epoch().count();
  const auto right = spans ? b_span->count() : b_time->time_since_epoch().count();
  const bool overflow = op == Op::add ? __builtin_add_overflow(left, right, &result)
                                      : __builtin_sub_overflow(left, right, &result);
  if (overflow) return failed("the duration is out of range");
  return Duration(result);
}

Result<Value> arithmetic(Op op, const Value& a, const Value& b) {
  const auto *a_int = a.as<std::int64_t>(), *b_int = b.as<std::int64_t>();
  if (a_int && b_int) return apply_ints(op, *a_int, *b_int);
  const auto *a_double = a.as<double>(), *b_double = b.as<double>();
  if (a_double && b_double) return apply_doubles(op, *a_double, *b_double);
  if (op == Op::add) {
    if (a.as<std::string>() && b.as<std::string>()) return *a.as<std::string>() + *b.as<std::string>();
    if (a.as<ByteString>() && b.as<ByteString>())
      return ByteString{a.as<ByteString>()->bytes + b.as<ByteString>()->bytes};
    if (a.list() && b.list()) {
      List joined = *a.list();
      joined.insert(joined.end(), b.list()->begin(), b.list()->end());
      return Value(std::move(joined));
    }
  }
  if (op == Op::add || op == Op::sub) return apply_times(op, a, b);
  return no_overload(op, a, b);
}

Result<Value> membership(const Value& item, const Value& container) {
  if (const List* list = container.list()) {
    for (const Value& other : *list)
      if (equal(item, other)) return true;
    return false;
  }
  if (const Map* map = container.map()) {
    for (const auto& [key, value] : *map)
      if (equal(item, key)) return true;
    return false;
  }
  return no_overload(Op::in, item, container);
}

}  // namespace

Failure no_overload(Op op, const Value& a, const Value& b) {
  return failed(fmt::format("`{}` does not work on {} and {}", symbol(op), type_name(a), type_name(b)));
}

bool in_range(Time time) {
  constexpr Time kFirst{std::chrono::sys_days(std::chrono::year(1) / 1 / 1).time_since_epoch()};
  constexpr Time kLast{std::chrono::sys_days(std::chrono::year(10000) / 1 / 1).time_since_epoch()};
  return time >= kFirst && time < kLast;
}

Result<Value> apply(Op op, const Value& a, const Value& b) {
  switch (op) {
    case Op::eq:
      return equal(a, b);
    case Op::ne:
      return !equal(a, b);
    case Op::lt:
    case Op::le:
    case Op::gt:
    case Op::ge: {
      const auto ordered = order(a, b);
      if (!ordered) return no_overload(op, a, b);
      if (*ordered == Order::unordered) return false;
      if (op == Op::lt) return *ordered == Order::less;
      if (op == Op::le) return *ordered != Order::greater;
      return op == Op::gt ? *ordered == Order::greater : *ordered != Order::less;
    }
    case Op::in:
      return membership(a, b);
    default:
      return arithmetic(op, a, b);
  }
}

Result<Value> apply(Op op, const Value& a) {
  if (op == Op::logical_not) {
    if (const bool* truth = a.as<bool>()) return !*truth;
  } else if (const auto* number = a.as<std::int64_t>()) {
    if (*number == INT64_MIN) return failed("the integer overflows");
    return -*number;
  } else if (const auto* floating = a.as<double>()) {
    return -*floating;
  } else if (const auto* span = a.as<Duration>(); span && span->count() != INT64_MIN) {
    return -*span;
  }
  return failed(fmt::format("`{}` does not work on {}", symbol(op), type_name(a)));
}

}  // namespace leat::expr
