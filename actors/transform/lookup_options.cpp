#include "transform/lookup_options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "transform/table_database.hpp"

namespace leat {
namespace {

using namespace std::string_literals;

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields()) names.push_back(field.name);
  return names;
}

std::string query_of(const TableOptions& table) {
  return table.from.empty() ? table.query : sqlite_query_of(table.from);
}

bool check_query_options(const TableOptions& table, Describe& describe) {
  const bool database = table_format(table.path->text) == TableFormat::sqlite;
  const bool query = !table.query.empty(), from = !table.from.empty();
  if (!database && !query && !from) return true;
  if (!database)
    describe.problem(
        Code::bad_value, describe.place_of(query ? "table.query" : "table.from"),
        fmt::format("`{}` is for a SQLite database, and {} is not called .sqlite, .sqlite3 or .db",
                    query ? "query" : "from", table.path->text));
  else if (query && from)
    describe.problem(Code::bad_value, describe.place_of("table.from"),
                     "`query` and `from` both say what to read; remove one");
  else if (!query && !from)
    describe.problem(
        Code::missing_key, describe.place_of("table"),
        "`query` or `from` is missing: what to read from the database", {},
        "`from: customers` reads a table or view, `query: select id, name from customers` anything");
  return database && query != from;
}

/// Opens the database, as it is now.
bool check_columns(const TableOptions& table, Describe& describe) {
  for (const Field& field : table.schema->fields())
    if (field.type == Type::float32_list) {
      describe.problem(Code::type_mismatch, describe.place_of("table.schema"),
                       fmt::format("`{}` is a list, which no column of a database holds", field.name));
      return false;
    }
  const Status checked = check_query(table.path->text, query_of(table), table.schema);
  if (checked) return true;
  const bool in_query =
      checked.error().code == Code::bad_value || checked.error().code == Code::unknown_field;
  describe.problem(checked.error().code,
                   describe.place_of(!in_query            ? "table.path"
                                     : table.from.empty() ? "table.query"
                                                          : "table.from"),
                   checked.error().message);
  return false;
}

/// The schema of the table's rows; null after a problem.
SchemaPtr check_source(const LookupConfig& config, const SchemaPtr& stream, Describe& describe) {
  const TableOptions& table = *config.table;
  if (!table.path) {
    if (!table.query.empty() || !table.from.empty())
      describe.problem(Code::missing_key,
                       describe.place_of(table.query.empty() ? "table.from" : "table.query"),
                       "there is no database to read from: `path` is missing");
    else if (!stream)
      describe.problem(
          Code::wrong_inputs, describe.place_of("table"), "there is no table to look up in", {},
          "give `path` and `schema`, or connect a stream: `inputs: { in: [...], table: [...] }`");
    else if (table.schema)
      describe.problem(Code::bad_value, describe.place_of("table.schema"),
                       "the table is a stream, which has its own schema; remove `schema`");
    else
      return stream;
    return nullptr;
  }
  if (stream) {
    describe.problem(Code::wrong_inputs, describe.place_of("table.path"),
                     "the table is a file here and a stream under `inputs`; remove one");
    return nullptr;
  }
  bool good = table.schema != nullptr;
  if (!good)
    describe.problem(Code::missing_key, describe.place_of("table"),
                     "`schema` is missing: the name of a schema under `schemas:`");
  if (!table_format(table.path->text)) {
    describe.problem(Code::bad_value, describe.place_of("table.path"),
                     "a table's file ends in .csv, .tsv, .jsonl or .ndjson, or for a database in .sqlite, "
                     ".sqlite3 or .db");
    return nullptr;
  }
  good = check_query_options(table, describe) && good;
  if (::access(table.path->text.c_str(), R_OK) != 0)
    describe.warning(Code::input_missing, describe.place_of("table.path"),
                     fmt::format("no file {}; the start needs it", table.path->text));
  else if (good && table_format(table.path->text) == TableFormat::sqlite)
    good = check_columns(table, describe);
  return good ? table.schema : nullptr;
}

bool check_key(LookupConfig& config, const Schema& table, Describe& describe) {
  const FieldName& key = config.table->key;
  const auto column = table.index_of(key.text);
  if (!column) {
    describe.problem(Code::unknown_field, key.place, fmt::format("the table has no field `{}`", key.text),
                     suggest(key.text, names_of(table)), "its fields: " + table.text());
    return false;
  }
  config.table_key = *column;
  if (!config.key.bound()) return false;  // reported
  const Type wanted = table[*column].type;
  if (config.key.type() == wanted) return true;
  const bool has_cast = wanted == Type::string || wanted == Type::int64 || wanted == Type::float64;
  describe.problem(Code::type_mismatch, describe.place_of("key"),
                   fmt::format("`key` is {}, and the table's `{}` is {}: no row could ever be found",
                               to_text(config.key.type()), key.text, to_text(wanted)),
                   {},
                   has_cast ? fmt::format("`{}({})` makes it one",
                                          wanted == Type::int64     ? "int"
                                          : wanted == Type::float64 ? "double"
                                                                    : "string",
                                          config.key.text())
                            : ""s);
  return false;
}

bool check_select(LookupConfig& config, const Schema& table, Describe& describe) {
  bool good = true;
  config.table_columns.clear();
  for (const FieldName& name : config.select) {
    const auto column = table.index_of(name.text);
    if (!column) {
      describe.problem(Code::unknown_field, name.place, fmt::format("the table has no field `{}`", name.text),
                       suggest(name.text, names_of(table)), "its fields: " + table.text());
      good = false;
    } else if (std::ranges::find(config.table_columns, *column) != config.table_columns.end()) {
      describe.problem(Code::bad_name, name.place, fmt::format("`{}` stands twice; remove one", name.text));
      good = false;
    } else {
      config.table_columns.push_back(*column);
    }
  }
  if (config.select.empty())
    for (std::size_t column = 0; column < table.size(); ++column)
      if (column != config.table_key) config.table_columns.push_back(column);
  if (good && config.table_columns.empty()) {
    describe.problem(Code::bad_value, describe.place_of("table"), "the table has no field besides its key",
                     {}, fmt::format("`select: [{}]` adds the key itself", table[config.table_key].name));
    return false;
  }
  return good;
}

bool is_prefix(std::string_view text) {
  return text.empty() || (!(text[0] >= '0' && text[0] <= '9') && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         }));
}

bool name_columns(LookupConfig& config, const Schema& in, const Schema& table, Describe& describe) {
  std::vector<Field> kept, added;
  std::vector<Field> output = in.fields();
  bool good = is_prefix(config.prefix);
  if (!good)
    describe.problem(
        Code::bad_name, describe.place_of("prefix"),
        fmt::format("`{}` cannot begin the name of a column: letters, digits and _ can", config.prefix));
  for (const std::size_t column : config.table_columns) {
    Field field = table[column];
    kept.push_back(field);
    field.name = config.prefix + field.name;
    field.nullable = field.nullable || config.on_missing == OnMissing::null;
    if (in.index_of(field.name)) {
      describe.problem(Code::bad_name, describe.place_of(config.select.empty() ? "table" : "select"),
                       fmt::format("the input has a field `{}` already", field.name), {},
                       "leave it out of `select`, or give the added columns a `prefix`");
      good = false;
    }
    added.push_back(field);
    output.push_back(std::move(field));
  }
  if (!good) return false;
  config.kept = Schema::make(std::move(kept));
  config.added = Schema::make(std::move(added));
  config.output = Schema::make(std::move(output));
  return true;
}

}  // namespace

Fields<LookupConfig> lookup_fields() {
  using C = LookupConfig;
  using T = TableOptions;
  FieldSpec table = group(
      "table", &C::table,
      Fields<T>{
          optional("path", &T::path,
                   "A file: .csv or .tsv with a header, .jsonl or .ndjson; or a SQLite database: .sqlite, "
                   ".sqlite3 or .db. Left out: the rows of the input `table`."),
          optional("query", &T::query,
                   "For a database: the SELECT whose columns are the fields of `schema`, by name."),
          optional("from", &T::from, "For a database, instead of `query`: the table or view to read."),
          optional("schema", &T::schema, "Schema of the file's rows, by its name under `schemas:`."),
          required("key", &T::key,
                   "The table's field that rows are found by; of equal ones the last counts."),
          optional("reload", &T::reload,
                   "How often to look whether the file has changed, and read it again; 0s: never."),
          optional("rows_max", &T::rows_max,
                   "Most keys. A file with more is refused; a stream's row with one more goes to `errors`."),
          optional("bytes_max", &T::bytes_max,
                   "Largest file that is read; of a database, what the query gives."),
      },
      "Where the table comes from.");
  table.info.required = true;
  table.info.example = "{ path: products.csv, schema: product, key: sku }";
  return {
      std::move(table),
      required("key", &C::key,
               "What to look for, from the fields of a row; null finds a row whose key is null.")
          .example("sku"),
      optional("select", &C::select, "The table's columns to add. Left out: all but its key.")
          .example("[name, price]"),
      optional("prefix", &C::prefix, "Begins the names of the added columns."),
      choice(
          "on_missing", &C::on_missing,
          {{"error", OnMissing::error}, {"drop", OnMissing::drop}, {"null", OnMissing::null}},
          "A row whose key the table does not have: goes to `errors`, is dropped and counted as `missing`, "
          "or goes on with nulls."),
  };
}

bool check_lookup(LookupConfig& config, const SchemaPtr& in, const SchemaPtr& stream, Describe& describe) {
  if (!config.table || config.table->key.text.empty()) return false;  // missing: reported when it was read
  if (!in) {
    describe.problem(Code::wrong_inputs, describe.place_of("inputs"), "the input `in` is not connected");
    return false;
  }
  const SchemaPtr table = check_source(config, stream, describe);
  if (!table || !check_key(config, *table, describe) || !check_select(config, *table, describe) ||
      !name_columns(config, *in, *table, describe))
    return false;
  config.file.reset();
  if (config.table->path)
    config.file = std::make_shared<TableFile>(TableFileOptions{.path = config.table->path->text,
                                                               .query = query_of(*config.table),
                                                               .schema = table,
                                                               .key = config.table_key,
                                                               .columns = config.table_columns,
                                                               .kept = config.kept,
                                                               .rows_max = config.table->rows_max.count,
                                                               .bytes_max = config.table->bytes_max});
  return true;
}

}  // namespace leat
