#pragma once

#include <leat/batch_builder.hpp>
#include <memory>

struct sqlite3;
struct sqlite3_stmt;

namespace leat {

/// A SQLite database, opened to be read, and one query whose columns are the fields of a schema. One thread
/// at a time. Waits up to two seconds for a writer that has locked the database.
class SqliteReader {
 public:
  static Result<SqliteReader> open(std::string path, std::string query, SchemaPtr schema);

  /// A number that is another one when someone has changed the database since it was asked for last.
  Result<std::int64_t> data_version();
  /// Between the two, everything that is read belongs to one state of the database.
  Status begin();
  void end();
  /// Fails, naming what is wrong, unless the query only reads and gives every field of the schema once.
  Status prepare();
  /// Appends the next row; false after the last. An error names the row and the column.
  Result<bool> next(BatchBuilder& rows);
  std::uint64_t bytes_read() const { return bytes_read_; }
  /// The last failure was a writer's lock: worth another try.
  bool is_busy() const { return is_busy_; }

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
    void operator()(sqlite3_stmt* statement) const;
  };
  SqliteReader() = default;
  Failure failure(int result);
  Status exec(const char* text);
  Status match_columns();
  void pack_value(int column, Type type);

  std::string path_;
  std::string query_;
  SchemaPtr schema_;
  std::unique_ptr<sqlite3, Closer> database_;
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
  std::vector<int> columns_;  // of the query, by field
  std::string row_;           // as a MessagePack map
  std::uint64_t row_number_ = 0;
  std::uint64_t bytes_read_ = 0;
  bool is_busy_ = false;
};

/// The query that reads all of a table or view.
std::string sqlite_query_of(std::string_view table);

}  // namespace leat
