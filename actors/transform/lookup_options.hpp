#pragma once

#include <leat/registry.hpp>

#include "transform/field_name.hpp"
#include "transform/table_file.hpp"

namespace leat {

/// What happens to a row whose key the table does not have.
enum class OnMissing : std::uint8_t { error, drop, null };

/// Where a lookup's table comes from.
struct TableOptions {
  std::optional<Path> path;
  std::string query;
  std::string from;
  SchemaPtr schema;
  FieldName key;
  Duration reload = std::chrono::seconds(1);
  Rows rows_max{1'000'000};
  Bytes bytes_max{256u << 20};
};

/// The options of `lookup`.
struct LookupConfig {
  std::optional<TableOptions> table;
  Expression key;
  std::vector<FieldName> select;
  std::string prefix;
  OnMissing on_missing = OnMissing::error;

  // What `check` works out.
  std::size_t table_key = 0;               ///< column of the table's rows
  std::vector<std::size_t> table_columns;  ///< of the table's rows, that are added
  SchemaPtr kept;                          ///< these, under their own names
  SchemaPtr added;                         ///< these, as they are added
  SchemaPtr output;
  std::shared_ptr<TableFile> file;  ///< shared by the instances; null: the table is a stream
};

Fields<LookupConfig> lookup_fields();

/// Checks what goes in against what goes out; false after a problem. `in` and `table` are the schemas of the
/// input ports, null for one that nothing is connected to.
bool check_lookup(LookupConfig& config, const SchemaPtr& in, const SchemaPtr& table, Describe& describe);

}  // namespace leat
