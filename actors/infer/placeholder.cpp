#include "infer/placeholder.hpp"

namespace leat {

Batch placeholder(const SchemaPtr& schema) {
  std::vector<Column> columns;
  for (const Field& field : schema->fields()) {
    // All that a column of one row reads, whatever its type: zeros.
    static constexpr std::byte kZeros[8]{};
    static constexpr std::int32_t kOffsets[2]{};
    columns.emplace_back(Column::Parts{.type = field.type, .rows = 1, .values = kZeros, .offsets = kOffsets});
  }
  return Batch(schema, columns, 1);
}

}  // namespace leat
