// min, max, first, last, any_value: functions whose result is one of the values.
#include <cstring>

#include "aggregate/functions.hpp"

namespace leat {
namespace {

struct WordPick {
  std::uint64_t value = 0;
  std::int64_t time = 0;
  bool set = false;
};
struct TextPick {
  std::string value;
  std::int64_t time = 0;
  bool set = false;
};

// The values of one type: how to read, compare and write them.
template <Type type>
struct Values;
template <>
struct Values<Type::int64> {
  using Value = std::int64_t;
  static Value get(const Column& column, std::uint32_t row) { return column.int64(row); }
};
template <>
struct Values<Type::float64> {
  using Value = double;
  static Value get(const Column& column, std::uint32_t row) { return column.float64(row); }
};
template <>
struct Values<Type::boolean> {
  using Value = bool;
  static Value get(const Column& column, std::uint32_t row) { return column.boolean(row); }
};
template <>
struct Values<Type::string> {
  using Value = std::string_view;
  static Value get(const Column& column, std::uint32_t row) { return column.text(row); }
};
template <>
struct Values<Type::float32_list> {
  using Value = std::string_view;
  static Value get(const Column& column, std::uint32_t row) {
    const auto floats = column.floats(row);
    return {reinterpret_cast<const char*>(floats.data()), floats.size_bytes()};
  }
};

template <class Value>
Value unpack(const WordPick& pick) {
  Value value;
  std::memcpy(&value, &pick.value, sizeof value);
  return value;
}
template <class Value>
Value unpack(const TextPick& pick) {
  return pick.value;
}
template <class Value>
void pack(WordPick& pick, Value value) {
  std::memcpy(&pick.value, &value, sizeof value);
}
inline void pack(TextPick& pick, std::string_view value) {
  pick.value.assign(value);
}

template <FunctionName function, class Value, class Pick>
bool better(Value value, std::int64_t time, const Pick& than) {
  if (!than.set) return true;
  if constexpr (function == FunctionName::first) return time < than.time;
  if constexpr (function == FunctionName::last) return time >= than.time;
  if constexpr (function == FunctionName::min || function == FunctionName::max) {
    const Value other = unpack<Value>(than);
    if constexpr (std::is_same_v<Value, double>) {
      if (value != value) return false;
      if (other != other) return true;
    }
    return function == FunctionName::min ? value < other : other < value;
  }
  return false;
}

template <FunctionName function, Type type>
class PickOne final
    : public StatePerGroup<PickOne<function, type>,
                           std::conditional_t<std::is_same_v<typename Values<type>::Value, std::string_view>,
                                              TextPick, WordPick>> {
  using Value = typename Values<type>::Value;
  static constexpr bool kText = std::is_same_v<Value, std::string_view>;
  using Pick = std::conditional_t<kText, TextPick, WordPick>;

 public:
  std::unique_ptr<Accumulator> make_empty() const override { return std::make_unique<PickOne>(); }
  void add(Pick& pick, const Column& values, std::uint32_t row, std::int64_t time) const {
    offer(pick, Values<type>::get(values, row), time);
  }
  void merge_states(Pick& pick, const Pick& from) const {
    if (from.set && &from != &pick) offer(pick, unpack<Value>(from), from.time);
  }
  Status emit_state(const Pick& pick, ColumnBuilder& out) const {
    if (!pick.set) {
      out.append_null();
    } else if constexpr (type == Type::float32_list) {
      std::vector<float> floats(pick.value.size() / sizeof(float));
      if (!floats.empty()) std::memcpy(floats.data(), pick.value.data(), pick.value.size());
      out.append(std::span<const float>(floats));
    } else {
      out.append(unpack<Value>(pick));
    }
    return {};
  }
  void save_state(const Pick& pick, StateOut& out) const {
    out.put(pick.set);
    out.put(pick.time);
    if constexpr (kText)
      out.put_text(pick.value);
    else
      out.put(pick.value);
  }
  void load_state(Pick& pick, StateIn& in) const {
    pick.set = in.get<bool>();
    pick.time = in.get<std::int64_t>();
    if constexpr (kText)
      pick.value = in.get_text();
    else
      pick.value = in.get<std::uint64_t>();
  }
  static std::size_t heap_bytes(const Pick& pick) requires kText {
    return pick.value.capacity() > 15 ? pick.value.capacity() : 0;
  }

 private:
  static void offer(Pick& pick, Value value, std::int64_t time) {
    if (!better<function>(value, time, pick)) return;
    pack(pick, value);
    pick.time = time;
    pick.set = true;
  }
};

template <FunctionName function>
std::unique_ptr<Accumulator> make(Type argument) {
  switch (argument) {
    case Type::boolean:
      return std::make_unique<PickOne<function, Type::boolean>>();
    case Type::int64:
    case Type::timestamp:
      return std::make_unique<PickOne<function, Type::int64>>();
    case Type::float64:
      return std::make_unique<PickOne<function, Type::float64>>();
    case Type::float32_list:
      return std::make_unique<PickOne<function, Type::float32_list>>();
    case Type::string:
    case Type::bytes:
    case Type::any:
      return std::make_unique<PickOne<function, Type::string>>();
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Accumulator> make_pick(FunctionName function, Type argument) {
  switch (function) {
    case FunctionName::min:
      return make<FunctionName::min>(argument);
    case FunctionName::max:
      return make<FunctionName::max>(argument);
    case FunctionName::first:
      return make<FunctionName::first>(argument);
    case FunctionName::last:
      return make<FunctionName::last>(argument);
    default:
      return make<FunctionName::any_value>(argument);
  }
}

}  // namespace leat
