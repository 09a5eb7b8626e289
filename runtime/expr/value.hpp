#pragma once

#include <leat/clock.hpp>
#include <leat/result.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace leat::expr {

class Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<Value, Value>>;  // in order; keys are few

struct ByteString {
  std::string bytes;
  friend auto operator<=>(const ByteString&, const ByteString&) = default;
};

/// One CEL value. Lists and maps are shared and immutable.
class Value {
 public:
  using Storage = std::variant<std::monostate, bool, std::int64_t, double, std::string, ByteString, Time,
                               Duration, std::shared_ptr<const List>, std::shared_ptr<const Map>>;

  Value() = default;  ///< null
  template <class T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Value>) Value(T value)
      : storage_(std::move(value)) {}  // NOLINT: implicit, because literals read better
  Value(List list) : storage_(std::make_shared<const List>(std::move(list))) {}  // NOLINT
  Value(Map map) : storage_(std::make_shared<const Map>(std::move(map))) {}      // NOLINT

  bool is_null() const { return std::holds_alternative<std::monostate>(storage_); }
  template <class T>
  const T* as() const {
    return std::get_if<T>(&storage_);
  }
  const List* list() const {
    const auto* list = as<std::shared_ptr<const List>>();
    return list ? list->get() : nullptr;
  }
  const Map* map() const {
    const auto* map = as<std::shared_ptr<const Map>>();
    return map ? map->get() : nullptr;
  }
  const Storage& storage() const { return storage_; }

 private:
  Storage storage_;
};

/// "int", "list", ... as CEL calls it.
std::string_view type_name(const Value& value);

/// CEL's equality: numbers across int and double, other types only with their like; NaN equals nothing.
bool equal(const Value& a, const Value& b);
/// CEL's ordering; nullopt where there is none. NaN is unordered: every comparison with it is false.
enum class Order : std::uint8_t { less, equal, greater, unordered };
std::optional<Order> order(const Value& a, const Value& b);
/// Exact, without rounding the integer.
Order order_numbers(std::int64_t a, double b);

Result<Value> value_from_msgpack(std::string_view bytes);
std::string value_to_msgpack(const Value& value);
/// Durations as "90s"; the rest as the row codecs do.
std::string value_to_json(const Value& value);
/// "1.5s", "-0.000001s": CEL's form of a duration.
std::string duration_text(Duration duration);

}  // namespace leat::expr
