#include "expr/column_row.hpp"

namespace leat::expr {

Value value_in(const Column& column, std::uint32_t row) {
  if (column.is_null(row)) return {};
  switch (column.type()) {
    case Type::boolean:
      return column.boolean(row);
    case Type::int64:
      return column.int64(row);
    case Type::float64:
      return column.float64(row);
    case Type::timestamp:
      return Time(Duration(column.int64(row)));
    case Type::string:
      return std::string(column.text(row));
    case Type::bytes:
      return ByteString{std::string(column.text(row))};
    case Type::any:
      return value_from_msgpack(column.text(row)).value_or(Value());
    case Type::float32_list: {
      List list;
      for (const float number : column.floats(row)) list.emplace_back(static_cast<double>(number));
      return list;
    }
  }
  return {};
}

Result<Value> ColumnRow::field(const Node& node) const {
  return value_in(batch_.column(node.slot), row_);
}

}  // namespace leat::expr
