#include "expr/kernels.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "expr/checker.hpp"
#include "expr/column_row.hpp"
#include "expr/compare.hpp"
#include "expr/functions.hpp"
#include "expr/value_column.hpp"

namespace leat::expr {
namespace {

constexpr std::string_view kPackedNull("\xc0", 1);

enum class State : std::uint8_t { fine, null, failed };

// The value of one subexpression for all rows.
struct Vector {
  TypeKind kind = TypeKind::dyn;
  const Value* constant = nullptr;     // the same for all rows
  std::optional<Column> column;        // text, or a field as it is
  std::span<const std::int64_t> ints;  // int and timestamp
  std::span<const double> doubles;
  std::vector<std::int64_t> own_ints;
  std::vector<double> own_doubles;
  std::vector<std::uint8_t> bools;
  std::vector<State> states;              // empty: all fine
  std::vector<Evaluated::Failed> failed;  // ascending

  bool all_fine() const { return states.empty(); }
  State state(std::uint32_t row) const { return states.empty() ? State::fine : states[row]; }
};

const Evaluated::Failed* find_failed(const Vector& vector, std::uint32_t row) {
  const auto found = std::ranges::lower_bound(vector.failed, row, {}, &Evaluated::Failed::row);
  return found != vector.failed.end() && found->row == row ? &*found : nullptr;
}

// A column of bits from bytes that are 0 or 1.
Column bits_of(std::span<const std::uint8_t> bools) {
  const std::size_t bytes = (bools.size() + 7) / 8;
  const Memory memory = Memory::allocate(bytes);
  auto* bits = reinterpret_cast<std::uint8_t*>(memory.data());
  const std::size_t whole = bools.size() / 8;
  for (std::size_t at = 0; at < whole; ++at) {
    std::uint64_t eight;
    std::memcpy(&eight, bools.data() + at * 8, sizeof eight);
    // Each byte's lowest bit moves to the top byte, the first to its lowest bit.
    bits[at] = static_cast<std::uint8_t>(eight * 0x0102040810204080u >> 56);
  }
  if (whole < bytes) bits[whole] = 0;
  for (std::size_t at = whole * 8; at < bools.size(); ++at)
    bits[whole] = static_cast<std::uint8_t>(bits[whole] | bools[at] << (at & 7));
  return Column({.type = Type::boolean,
                 .rows = static_cast<std::uint32_t>(bools.size()),
                 .values = memory.data(),
                 .owner = memory});
}

class Evaluation {
 public:
  explicit Evaluation(const Batch& batch) : batch_(batch), rows_(batch.row_count()) {}

  Vector run(const Node& node) {
    switch (node.kind) {
      case NodeKind::literal:
        return literal(node);
      case NodeKind::field:
        return field(node);
      case NodeKind::unary:
        if (node.op == Op::logical_not && node.children[0]->type.kind == TypeKind::boolean)
          return logical_not(node);
        break;
      case NodeKind::binary:
        if (auto vector = binary(node)) return *std::move(vector);
        break;
      case NodeKind::call:
        if (auto vector = text_test(node)) return *std::move(vector);
        break;
      default:
        break;
    }
    return by_row(node);
  }

  Column to_column(Vector& vector, Type type);

 private:
  static Vector literal(const Node& node) {
    Vector vector;
    vector.kind = node.type.kind;
    vector.constant = &node.value;
    return vector;
  }

  Vector field(const Node& node) {
    const Column& column = batch_.column(node.slot);
    Vector vector;
    vector.kind = node.type.kind;
    vector.column = column;
    if (column.type() == Type::int64 || column.type() == Type::timestamp) vector.ints = column.int64s();
    if (column.type() == Type::float64) vector.doubles = column.float64s();
    if (column.type() == Type::boolean) {
      vector.bools.resize(rows_);
      for (std::uint32_t row = 0; row < rows_; ++row) vector.bools[row] = column.boolean(row) ? 1 : 0;
    }
    if (column.null_count() != 0) {
      vector.states.resize(rows_, State::fine);
      for (std::uint32_t row = 0; row < rows_; ++row)
        if (column.is_null(row)) vector.states[row] = State::null;
    }
    return vector;
  }

  void fail_row(Vector& vector, std::uint32_t row, Error error) const {
    if (vector.states.empty()) vector.states.resize(rows_, State::fine);
    vector.states[row] = State::failed;
    vector.failed.push_back({row, std::move(error)});
  }

  // Rows where an operand is missing or failed are done by the interpreter's rules; true when the row is
  // settled.
  bool settle(Vector& out, std::uint32_t row, Op op, const Vector& a, const Vector& b) const {
    if (a.state(row) == State::fine && b.state(row) == State::fine) return false;
    if (const auto* failed = find_failed(a, row)) return fail_row(out, row, failed->error), true;
    if (const auto* failed = find_failed(b, row)) return fail_row(out, row, failed->error), true;
    const bool a_null = a.state(row) == State::null, b_null = b.state(row) == State::null;
    if (op == Op::eq || op == Op::ne) {
      out.bools[row] = (a_null && b_null) == (op == Op::eq) ? 1 : 0;
      return true;
    }
    fail_row(out, row,
             apply(op, a_null ? Value() : value_of(a, row), b_null ? Value() : value_of(b, row)).error());
    return true;
  }

  Value value_of(const Vector& vector, std::uint32_t row) const {
    if (vector.constant != nullptr) return *vector.constant;
    switch (vector.kind) {
      case TypeKind::boolean:
        return vector.bools[row] != 0;
      case TypeKind::integer:
        return vector.ints[row];
      case TypeKind::floating:
        return vector.doubles[row];
      case TypeKind::timestamp:
        return Time(Duration(vector.ints[row]));
      default:
        return value_in(*vector.column, row);
    }
  }

  void settle_all(Vector& out, Op op, const Vector& a, const Vector& b) const {
    if (a.all_fine() && b.all_fine()) return;
    for (std::uint32_t row = 0; row < rows_; ++row) settle(out, row, op, a, b);
  }

  std::optional<Vector> binary(const Node& node) {
    const TypeKind a = node.children[0]->type.kind, b = node.children[1]->type.kind;
    switch (node.op) {
      case Op::logical_and:
      case Op::logical_or:
        if (a == TypeKind::boolean && b == TypeKind::boolean) return logical(node);
        return std::nullopt;
      case Op::in:
        return std::nullopt;
      case Op::eq:
      case Op::ne:
      case Op::lt:
      case Op::le:
      case Op::gt:
      case Op::ge:
        if (a != b || (a != TypeKind::integer && a != TypeKind::floating && a != TypeKind::timestamp &&
                       a != TypeKind::string))
          return std::nullopt;
        return compare(node);
      default:
        if (a != b || (a != TypeKind::integer && a != TypeKind::floating)) return std::nullopt;
        return arithmetic(node);
    }
  }

  // Calls `use` with a function from row to value for a numeric vector.
  template <class T, class Use>
  static void with_numbers(const Vector& vector, Use use) {
    if (vector.constant != nullptr) {
      T value{};
      if constexpr (std::is_same_v<T, std::int64_t>) {
        const auto* time = vector.constant->as<Time>();
        value = time != nullptr ? time->time_since_epoch().count() : *vector.constant->as<std::int64_t>();
      } else {
        value = *vector.constant->as<double>();
      }
      return use([value](std::uint32_t) { return value; });
    }
    const T* data = nullptr;
    if constexpr (std::is_same_v<T, std::int64_t>)
      data = vector.ints.data();
    else
      data = vector.doubles.data();
    use([data](std::uint32_t row) { return data[row]; });
  }

  template <class T>
  void compare_numbers(Op op, const Vector& a, const Vector& b, Vector& out) const {
    with_numbers<T>(a, [&](auto left) {
      with_numbers<T>(b, [&](auto right) { compare_all(op, rows_, left, right, out.bools.data()); });
    });
  }

  bool compare_short_text(Op op, const Vector& a, const Vector& b, Vector& out) const {
    if ((op != Op::eq && op != Op::ne) || (a.constant == nullptr) == (b.constant == nullptr)) return false;
    const std::string& wanted = *(a.constant != nullptr ? a : b).constant->as<std::string>();
    if (wanted.size() < ShortTextEqual::kLeast || wanted.size() > ShortTextEqual::kMost) return false;
    const ShortTextEqual equal(wanted);
    const Column& column = *(a.constant != nullptr ? b : a).column;
    for (std::uint32_t row = 0; row < rows_; ++row)
      out.bools[row] = equal(column.text(row)) == (op == Op::eq) ? 1 : 0;
    return true;
  }

  void compare_text(Op op, const Vector& a, const Vector& b, Vector& out) const {
    if (compare_short_text(op, a, b, out)) return;
    const auto with = [](const Vector& vector, auto use) {
      if (vector.constant != nullptr)
        return use(
            [text = std::string_view(*vector.constant->as<std::string>())](std::uint32_t) { return text; });
      return use([&column = *vector.column](std::uint32_t row) { return column.text(row); });
    };
    with(a, [&](auto left) {
      with(b, [&](auto right) { compare_all(op, rows_, left, right, out.bools.data()); });
    });
  }

  Vector compare(const Node& node) {
    const Vector a = run(*node.children[0]), b = run(*node.children[1]);
    Vector out;
    out.kind = TypeKind::boolean;
    out.bools.resize(rows_);
    if (a.kind == TypeKind::string)
      compare_text(node.op, a, b, out);
    else if (a.kind == TypeKind::floating)
      compare_numbers<double>(node.op, a, b, out);
    else
      compare_numbers<std::int64_t>(node.op, a, b, out);
    settle_all(out, node.op, a, b);
    return out;
  }

  Vector arithmetic(const Node& node) {
    const Vector a = run(*node.children[0]), b = run(*node.children[1]);
    Vector out;
    out.kind = a.kind;
    if (a.kind == TypeKind::floating) {
      out.own_doubles.resize(rows_);
      with_numbers<double>(a, [&](auto left) {
        with_numbers<double>(b,
                             [&](auto right) { double_loop(node.op, left, right, out.own_doubles.data()); });
      });
      out.doubles = out.own_doubles;
      settle_all(out, node.op, a, b);
      return out;
    }
    out.own_ints.resize(rows_);
    bool overflow = false;
    with_numbers<std::int64_t>(a, [&](auto left) {
      with_numbers<std::int64_t>(
          b, [&](auto right) { overflow = int_loop(node.op, left, right, out.own_ints.data()); });
    });
    out.ints = out.own_ints;
    if (!overflow) {
      settle_all(out, node.op, a, b);
      return out;
    }
    for (std::uint32_t row = 0; row < rows_; ++row) {
      if (settle(out, row, node.op, a, b)) continue;
      if (const Result<Value> value = apply(node.op, value_of(a, row), value_of(b, row)); !value)
        fail_row(out, row, value.error());
    }
    return out;
  }

  template <class Left, class Right>
  void double_loop(Op op, Left left, Right right, double* out) const {
    for (std::uint32_t row = 0; row < rows_; ++row) {
      const double a = left(row), b = right(row);
      out[row] = op == Op::add ? a + b : op == Op::sub ? a - b : op == Op::mul ? a * b : a / b;
    }
  }

  // True when some row overflows or divides by zero: which, is found afterwards.
  template <class Left, class Right>
  bool int_loop(Op op, Left left, Right right, std::int64_t* out) const {
    bool bad = false;
    const auto loop = [&](auto apply_one) {
      for (std::uint32_t row = 0; row < rows_; ++row) bad |= apply_one(left(row), right(row), &out[row]);
    };
    switch (op) {
      case Op::add:
        loop([](std::int64_t a, std::int64_t b, std::int64_t* to) {
          return __builtin_add_overflow(a, b, to);
        });
        break;
      case Op::sub:
        loop([](std::int64_t a, std::int64_t b, std::int64_t* to) {
          return __builtin_sub_overflow(a, b, to);
        });
        break;
      case Op::mul:
        loop([](std::int64_t a, std::int64_t b, std::int64_t* to) {
          return __builtin_mul_overflow(a, b, to);
        });
        break;
      default:
        loop([op](std::int64_t a, std::int64_t b, std::int64_t* to) {
          const bool wrong = b == 0 || (b == -1 && a == INT64_MIN);
          *to = wrong ? 0 : op == Op::div ? a / b : a % b;
          return wrong;
        });
    }
    return bad;
  }

  Vector logical_not(const Node& node) {
    Vector vector = run(*node.children[0]);
    if (vector.constant != nullptr) return by_row(node);
    vector.column.reset();
    for (std::uint8_t& truth : vector.bools) truth ^= 1;
    for (std::uint32_t row = 0; row < vector.states.size(); ++row)
      if (vector.states[row] == State::null) fail_null(vector, row, Op::logical_not);
    std::ranges::sort(vector.failed, {}, &Evaluated::Failed::row);
    return vector;
  }

  void fail_null(Vector& vector, std::uint32_t row, Op op) const {
    fail_row(vector, row, apply(op, Value()).error());
  }

  Vector logical(const Node& node) {
    const Vector a = run(*node.children[0]), b = run(*node.children[1]);
    if (a.constant != nullptr || b.constant != nullptr) return by_row(node);
    const bool decisive = node.op == Op::logical_or;
    Vector out;
    out.kind = TypeKind::boolean;
    out.bools.resize(rows_);
    for (std::uint32_t row = 0; row < rows_; ++row)
      out.bools[row] = decisive ? a.bools[row] | b.bools[row] : a.bools[row] & b.bools[row];
    if (a.all_fine() && b.all_fine()) return out;
    for (std::uint32_t row = 0; row < rows_; ++row) settle_logical(node, row, a, b, out);
    return out;
  }

  void settle_logical(const Node& node, std::uint32_t row, const Vector& a, const Vector& b,
                      Vector& out) const {
    if (a.state(row) == State::fine && b.state(row) == State::fine) return;
    const bool decisive = node.op == Op::logical_or;
    for (const Vector* side : {&a, &b})
      if (side->state(row) == State::fine && (side->bools[row] != 0) == decisive) {
        out.bools[row] = decisive ? 1 : 0;
        return;
      }
    for (const Vector* side : {&a, &b})
      if (const auto* failed = find_failed(*side, row)) return fail_row(out, row, failed->error);
    const auto value = [&](const Vector& side) {
      return side.state(row) == State::null ? Value() : value_of(side, row);
    };
    fail_row(out, row, no_overload(node.op, value(a), value(b)).value());
  }

  static Error wrong_result(const Value& value, std::string_view wanted) {
    return failed_error("the result is " + std::string(type_name(value)) + ", not " + std::string(wanted));
  }
  static Error failed_error(std::string message) { return {Code::evaluation_failed, std::move(message), {}}; }

  // startsWith, endsWith, contains and matches of a field with a constant.
  std::optional<Vector> text_test(const Node& node) {
    if (node.children.size() != 2 || node.children[0]->kind != NodeKind::field ||
        node.children[0]->type.kind != TypeKind::string || node.children[1]->kind != NodeKind::literal)
      return std::nullopt;
    const auto* text_wanted = node.children[1]->value.as<std::string>();
    if (text_wanted == nullptr) return std::nullopt;  // substring(1)
    const std::string_view wanted = *text_wanted;
    const auto make = [&](auto test) {
      const Vector text = field(*node.children[0]);
      Vector out;
      out.kind = TypeKind::boolean;
      out.bools.resize(rows_);
      for (std::uint32_t row = 0; row < rows_; ++row) out.bools[row] = test(text.column->text(row)) ? 1 : 0;
      for (std::uint32_t row = 0; row < text.states.size(); ++row)
        if (text.states[row] == State::null)
          fail_row(out, row, failed_error("`" + node.name + "` does not work on (null, string)"));
      return out;
    };
    if (node.name == "startsWith")
      return make([wanted](std::string_view text) { return text.starts_with(wanted); });
    if (node.name == "endsWith")
      return make([wanted](std::string_view text) { return text.ends_with(wanted); });
    if (node.name == "contains")
      return make([wanted](std::string_view text) { return text.find(wanted) != std::string_view::npos; });
    if (node.name == "matches" && node.prepared)
      return make(
          [pattern = node.prepared.get()](std::string_view text) { return matches_pattern(pattern, text); });
    return std::nullopt;
  }

  Vector by_row(const Node& node);

  const Batch& batch_;
  std::uint32_t rows_;
};

Vector Evaluation::by_row(const Node& node) {
  Vector out;
  out.kind = node.type.kind;
  ColumnRow row(batch_);
  const bool numeric = out.kind == TypeKind::boolean || out.kind == TypeKind::integer ||
                       out.kind == TypeKind::floating || out.kind == TypeKind::timestamp;
  ValueColumn values(node.type.kind == TypeKind::duration ? Type::any : *column_type(node.type));
  for (std::uint32_t at = 0; at < rows_; ++at) {
    row.move_to(at);
    Result<Value> value = Interpreter(row).evaluate(node);
    if (value && values.append(*value)) {
      if (value->is_null() && values.builder().type() != Type::any) {
        if (out.states.empty()) out.states.resize(rows_, State::fine);
        out.states[at] = State::null;
      }
      continue;
    }
    fail_row(out, at, value ? wrong_result(*value, to_text(node.type)) : std::move(value).error());
    values.builder().type() == Type::any ? values.builder().append(kPackedNull)
                                         : values.builder().append_null();
  }
  out.column = values.finish();
  if (!numeric) return out;
  if (out.kind == TypeKind::floating) out.doubles = out.column->float64s();
  if (out.kind == TypeKind::integer || out.kind == TypeKind::timestamp) out.ints = out.column->int64s();
  if (out.kind == TypeKind::boolean) {
    out.bools.resize(rows_);
    for (std::uint32_t at = 0; at < rows_; ++at) out.bools[at] = out.column->boolean(at) ? 1 : 0;
  }
  return out;
}

Column Evaluation::to_column(Vector& vector, Type type) {
  if (vector.constant == nullptr && vector.column && vector.column->type() == type) return *vector.column;
  if (vector.constant == nullptr && vector.all_fine() &&
      (!vector.own_ints.empty() || !vector.own_doubles.empty())) {
    auto owner = std::make_shared<Vector>(std::exchange(vector, {}));
    const void* data = owner->own_ints.empty() ? static_cast<const void*>(owner->own_doubles.data())
                                               : owner->own_ints.data();
    return Column({.type = type,
                   .rows = rows_,
                   .values = static_cast<const std::byte*>(data),
                   .owner = Memory::hold(owner)});
  }
  if (type == Type::boolean && vector.constant == nullptr && vector.all_fine() && !vector.bools.empty())
    return bits_of(vector.bools);
  ValueColumn values(type);
  for (std::uint32_t row = 0; row < rows_; ++row) {
    const bool fine = vector.state(row) == State::fine;
    const Value value = fine ? value_of(vector, row) : Value();
    if (fine && values.append(value)) continue;
    if (fine) fail_row(vector, row, wrong_result(value, to_text(type)));
    type == Type::any ? values.builder().append(kPackedNull) : values.builder().append_null();
  }
  std::ranges::sort(vector.failed, {}, &Evaluated::Failed::row);
  return values.finish();
}

}  // namespace

Evaluated evaluate(const Node& root, const Batch& batch, Type type) {
  Evaluation evaluation(batch);
  Vector vector = evaluation.run(root);
  Evaluated evaluated;
  evaluated.values = evaluation.to_column(vector, type);
  evaluated.failed = std::move(vector.failed);
  return evaluated;
}

}  // namespace leat::expr
