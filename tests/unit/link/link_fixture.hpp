#pragma once

#include <leat/batch_builder.hpp>

namespace leat {

inline SchemaPtr numbers_schema() {
  static const SchemaPtr schema = Schema::make({{"n", Type::int64, false}, {"text", Type::string, true}});
  return schema;
}

/// Rows first, first + 1, ...
inline Batch numbers(std::int64_t first, std::int64_t count) {
  BatchBuilder rows(numbers_schema());
  for (std::int64_t n = first; n < first + count; ++n)
    rows.add(n, n % 3 == 0 ? std::nullopt : std::optional(std::string("row")));
  return rows.finish();
}

inline Instant at(std::int64_t microseconds) {
  return Instant(std::chrono::microseconds(microseconds));
}

}  // namespace leat
