#pragma once

#include <mutex>

#include "transform/table_builder.hpp"

namespace leat {

/// How the rows of a table's file are written, told by its ending: .csv, .tsv, .jsonl and .ndjson, or
/// .sqlite, .sqlite3 and .db.
enum class TableFormat : std::uint8_t { csv, tsv, jsonl, sqlite };
std::optional<TableFormat> table_format(std::string_view path);

/// A table in a file that may change. All instances of an actor share one. Thread-safe; `refresh` reads the
/// disk, `table` waits for nothing.
class TableFile {
 public:
  explicit TableFile(TableFileOptions options);

  /// Reads the file if it is another than the one that was read last. On failure the table stays as it was,
  /// and the same file is not tried again; while there is no table, the failure is repeated.
  Status refresh();
  /// Null before the first success.
  std::shared_ptr<const LookupTable> table() const;

 private:
  const TableFileOptions options_;
  std::mutex reading_;  // one reads, the others then find the new table
  const std::unique_ptr<TableReader> reader_;
  std::optional<Error> failure_;  // the last one
  mutable std::mutex mutex_;      // of table_; held for a moment only
  std::shared_ptr<const LookupTable> table_;
};

}  // namespace leat
