#pragma once

#include <leat/result.hpp>
#include <string_view>
#include <vector>

namespace leat {

/// The JSON objects of a request's body, as they stand there: one object, an array of objects, or objects one
/// after the other (JSON lines). Only cuts: whether each is a right object is for its reader to say.
struct JsonBody {
  std::vector<std::string_view> rows;
  /// What is wrong behind them, in row number rows.size() + 1; missing_value for an empty body, too_large for
  /// too many rows.
  Status problem;

  static JsonBody cut(std::string_view body, std::size_t rows_max);
};

}  // namespace leat
