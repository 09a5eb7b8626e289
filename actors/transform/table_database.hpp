#pragma once

#include "transform/sqlite_reader.hpp"
#include "transform/table_builder.hpp"

namespace leat {

/// A table that a query reads from a SQLite database. The connection stays open, since it knows whether the
/// database was changed; each reading is one transaction. A database that is busy is asked again at the next
/// look, and told of once. The options must outlive it.
class TableDatabase final : public TableReader {
 public:
  explicit TableDatabase(const TableFileOptions& options) : options_(options) {}
  Result<std::shared_ptr<const LookupTable>> read_if_changed() override;

 private:
  /// Which file there was at a look, and in which state: by its data version, or while nothing can be asked
  /// of it, by size and time of change.
  struct Version {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = 0, changed_s = 0, changed_ns = 0;
    std::optional<std::int64_t> data = {};
    friend bool operator==(const Version&, const Version&) = default;
  };
  Result<std::int64_t> begin();
  Result<std::shared_ptr<const LookupTable>> read(Version version);
  Result<std::shared_ptr<const LookupTable>> load();
  Result<std::shared_ptr<const LookupTable>> failed(const Version& version, Error error);

  const TableFileOptions& options_;
  std::optional<SqliteReader> reader_;
  std::uint64_t device_ = 0, inode_ = 0;  // of the file that it has open
  std::optional<Version> tried_;          // default: the file was not there
  bool told_busy_ = false;
};

/// Fails when the query does not fit the schema, as far as the database can be read now.
Status check_query(const std::string& path, const std::string& query, const SchemaPtr& schema);

}  // namespace leat
