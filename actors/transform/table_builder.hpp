#pragma once

#include <leat/batch_builder.hpp>
#include <leat/units.hpp>

#include "transform/lookup_table.hpp"

namespace leat {

/// What a table is read from, and which of its columns are kept.
struct TableFileOptions {
  std::string path;
  std::string query;                 ///< of a database; empty for other files
  SchemaPtr schema;                  ///< of the file's rows
  std::size_t key = 0;               ///< column of `schema`
  std::vector<std::size_t> columns;  ///< of `schema`, that are kept
  SchemaPtr kept;                    ///< the schema of these
  std::uint64_t rows_max = 0;
  Bytes bytes_max;
};

/// Makes a table of rows that are read one after the other: append a row to `rows`, then call `added`.
class TableBuilder {
 public:
  /// The options must outlive it.
  explicit TableBuilder(const TableFileOptions& options);

  BatchBuilder& rows() { return rows_; }
  /// Fails when there is no room for another key.
  Status added();
  Result<std::shared_ptr<const LookupTable>> finish();

 private:
  Status put_rows();

  const TableFileOptions& options_;
  BatchBuilder rows_;
  std::shared_ptr<LookupTable> table_;
  std::vector<Column> kept_;
  std::string key_;
};

/// Reads one table, again and again. `read_if_changed` reads the disk; one thread at a time.
class TableReader {
 public:
  virtual ~TableReader() = default;
  /// Null when what is there was read or tried before.
  virtual Result<std::shared_ptr<const LookupTable>> read_if_changed() = 0;
};

}  // namespace leat
