#pragma once

#include <leat/batch_builder.hpp>

#include "expr/value.hpp"

namespace leat::expr {

/// A column of one field, built value by value.
class ValueColumn {
 public:
  explicit ValueColumn(Type type) : rows_(Schema::make({{"value", type, true}})) {}
  ColumnBuilder& builder() { return rows_.column(0); }

  /// False when the value has another type than the column.
  bool append(const Value& value) {
    ColumnBuilder& column = builder();
    switch (column.type()) {
      case Type::any:
        column.append(std::string_view(value_to_msgpack(value)));
        return true;
      case Type::float32_list:
        return append_floats(value);
      default:
        break;
    }
    if (value.is_null()) return column.append_null(), true;
    switch (column.type()) {
      case Type::boolean:
        return append_as<bool>(value);
      case Type::int64:
        return append_as<std::int64_t>(value);
      case Type::float64:
        return append_as<double>(value);
      case Type::timestamp:
        return append_as<Time>(value);
      case Type::string:
        if (const auto* text = value.as<std::string>()) return column.append(std::string_view(*text)), true;
        return false;
      default:
        if (const auto* bytes = value.as<ByteString>())
          return column.append(std::string_view(bytes->bytes)), true;
        return false;
    }
  }
  Column finish() { return rows_.finish().column(0); }

 private:
  template <class T>
  bool append_as(const Value& value) {
    const T* inner = value.as<T>();
    if (inner != nullptr) builder().append(*inner);
    return inner != nullptr;
  }
  bool append_floats(const Value& value) {
    if (value.is_null()) return builder().append_null(), true;
    const List* list = value.list();
    if (list == nullptr) return false;
    std::vector<float> floats;
    for (const Value& item : *list) {
      const double* number = item.as<double>();
      if (number == nullptr) return false;
      floats.push_back(static_cast<float>(*number));
    }
    builder().append(std::span<const float>(floats));
    return true;
  }

  BatchBuilder rows_;
};

}  // namespace leat::expr
