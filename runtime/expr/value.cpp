#include "expr/value.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace leat::expr {

std::string_view type_name(const Value& value) {
  constexpr std::array<std::string_view, 10> kNames{"null",  "bool",      "int",      "double", "string",
                                                    "bytes", "timestamp", "duration", "list",   "map"};
  return kNames[value.storage().index()];
}

Order order_numbers(std::int64_t a, double b) {
  if (std::isnan(b)) return Order::unordered;
  if (b >= 0x1p63) return Order::less;
  if (b < -0x1p63) return Order::greater;
  const auto whole = static_cast<std::int64_t>(b);  // towards zero
  if (a != whole) return a < whole ? Order::less : Order::greater;
  const double fraction = b - static_cast<double>(whole);
  return fraction > 0 ? Order::less : fraction < 0 ? Order::greater : Order::equal;
}

namespace {

Order reversed(Order order) {
  return order == Order::less ? Order::greater : order == Order::greater ? Order::less : order;
}

template <class T>
Order compare(const T& a, const T& b) {
  if (a < b) return Order::less;
  if (b < a) return Order::greater;
  return a == b ? Order::equal : Order::unordered;
}

bool equal_lists(const List& a, const List& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t at = 0; at < a.size(); ++at)
    if (!equal(a[at], b[at])) return false;
  return true;
}

bool equal_maps(const Map& a, const Map& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, value] : a) {
    bool found = false;
    for (const auto& [other_key, other] : b) found = found || (equal(key, other_key) && equal(value, other));
    if (!found) return false;
  }
  return true;
}

}  // namespace

std::optional<Order> order(const Value& a, const Value& b) {
  const auto *a_int = a.as<std::int64_t>(), *b_int = b.as<std::int64_t>();
  const auto *a_double = a.as<double>(), *b_double = b.as<double>();
  if (a_int && b_double) return order_numbers(*a_int, *b_double);
  if (a_double && b_int) return reversed(order_numbers(*b_int, *a_double));
  if (a.storage().index() != b.storage().index()) return std::nullopt;
  return std::visit(
      [&](const auto& left) -> std::optional<Order> {
        using T = std::remove_cvref_t<decltype(left)>;
        if constexpr (std::is_same_v<T, std::monostate> || std::is_same_v<T, std::shared_ptr<const List>> ||
                      std::is_same_v<T, std::shared_ptr<const Map>>)
          return std::nullopt;
        else
          return compare(left, *b.as<T>());
      },
      a.storage());
}

bool equal(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.list() && b.list()) return equal_lists(*a.list(), *b.list());
  if (a.map() && b.map()) return equal_maps(*a.map(), *b.map());
  return order(a, b) == Order::equal;
}

std::string duration_text(Duration duration) {
  const std::int64_t count = duration.count();
  const std::uint64_t size =
      count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  std::string text = fmt::format("{}{}", count < 0 ? "-" : "", size / 1'000'000);
  if (size % 1'000'000 != 0) {
    text += fmt::format(".{:06}", size % 1'000'000);
    while (text.back() == '0') text.pop_back();
  }
  return text + "s";
}

}  // namespace leat::expr
