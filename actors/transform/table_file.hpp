#pragma once

#include <leat/units.hpp>
#include <mutex>

#include "transform/lookup_table.hpp"

namespace leat {

/// What a table is read from, and which of its columns are kept.
struct TableFileOptions {
  std::string path;
  SchemaPtr schema;                  ///< of the file's rows
  std::size_t key = 0;               ///< column of `schema`
  std::vector<std::size_t> columns;  ///< of `schema`, that are kept
  SchemaPtr kept;                    ///< the schema of these
  std::uint64_t rows_max = 0;
  Bytes bytes_max;
};

/// How the rows of a table's file are written, told by its ending: .csv, .tsv, .jsonl, .ndjson.
enum class TableFormat : std::uint8_t { csv, tsv, jsonl };
std::optional<TableFormat> table_format(std::string_view path);

/// A table in a file that may change. All instances of an actor share one. Thread-safe; `refresh` reads the
/// disk.
class TableFile {
 public:
  explicit TableFile(TableFileOptions options) : options_(std::move(options)) {}

  /// Reads the file if it is another than the one that was read last (by inode, size and time of change). On
  /// failure the table stays as it was, and the same file is not tried again.
  Status refresh();
  /// Null before the first success.
  std::shared_ptr<const LookupTable> table() const;

 private:
  struct Version {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, changed_s = 0, changed_ns = 0;
    friend bool operator==(const Version&, const Version&) = default;
  };
  Result<std::string> read_file(int file, std::int64_t size) const;
  Result<std::shared_ptr<const LookupTable>> load(int file, std::int64_t size) const;

  const TableFileOptions options_;
  mutable std::mutex mutex_;
  std::optional<Version> tried_;  // default: the file was not there
  std::shared_ptr<const LookupTable> table_;
};

}  // namespace leat
