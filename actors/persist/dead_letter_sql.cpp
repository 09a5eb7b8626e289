#include "persist/dead_letter_sql.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

namespace leat {

void SqlConnection::Closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

void SqlStatement::Closer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Failure SqlConnection::failure(int result) const {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return fail(Code::storage_full, "the disk is full: nothing of this batch was stored", path_);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(Code::storage_failed, "another program keeps the store locked", path_);
    case SQLITE_NOTADB:
      return fail(Code::storage_failed, "this file is no store of dead letters", path_);
    default:
      return fail(Code::storage_failed, database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(result),
                  path_);
  }
}

Result<SqlConnection> SqlConnection::open(const std::string& path, const Options& options) {
  SqlConnection connection;
  connection.path_ = path;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    (options.create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX;
  sqlite3* database = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  connection.database_.reset(database);
  if (result != SQLITE_OK) return connection.failure(result);
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, static_cast<int>(options.busy_wait.count()));
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return connection;
}

Status SqlConnection::run(const std::string& statements) {
  const int result = sqlite3_exec(database_.get(), statements.c_str(), nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? Status() : failure(result);
}

SqlStatement::SqlStatement(SqlConnection& connection, std::string_view text) : connection_(connection) {
  sqlite3_stmt* statement = nullptr;
  failed_ = sqlite3_prepare_v2(connection.database_.get(), text.data(), static_cast<int>(text.size()),
                               &statement, nullptr);
  statement_.reset(statement);
}

SqlStatement& SqlStatement::keep(int result) {
  if (failed_ == SQLITE_OK) failed_ = result;
  return *this;
}

SqlStatement& SqlStatement::bind(std::int64_t value) {
  return keep(sqlite3_bind_int64(statement_.get(), ++bound_, value));
}

SqlStatement& SqlStatement::bind(std::string_view text) {
  return keep(sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                                  SQLITE_UTF8));
}

SqlStatement& SqlStatement::bind(const std::optional<std::string>& text) {
  return text ? bind(std::string_view(*text)) : keep(sqlite3_bind_null(statement_.get(), ++bound_));
}

SqlStatement& SqlStatement::bind_bytes(std::string_view bytes) {
  return keep(sqlite3_bind_blob64(statement_.get(), ++bound_, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
}

Result<bool> SqlStatement::step() {
  const int result = failed_ != SQLITE_OK ? failed_ : sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  bound_ = 0;
  if (result != SQLITE_DONE) {
    Failure failure = connection_.failure(result);
    sqlite3_reset(statement_.get());
    return failure;
  }
  sqlite3_reset(statement_.get());
  return false;
}

Status SqlStatement::run() {
  for (;;) {
    LEAT_TRY_ASSIGN(const bool more, step());
    if (!more) return {};
  }
}

Result<std::int64_t> SqlStatement::value() {
  LEAT_TRY_ASSIGN(const bool found, step());
  if (!found) return fail(Code::storage_failed, "this file is no store of dead letters", connection_.path());
  const std::int64_t value = number(0);
  LEAT_TRY(run());
  return value;
}

std::int64_t SqlStatement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string SqlStatement::text(int column) const {
  return optional_text(column).value_or(std::string());
}

std::optional<std::string> SqlStatement::optional_text(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return std::string(bytes == nullptr ? "" : bytes,
                     static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

std::uint64_t SqlStatement::changes() const {
  return static_cast<std::uint64_t>(sqlite3_changes64(connection_.database_.get()));
}

SqlTransaction::~SqlTransaction() {
  // A full disk may have ended it already; then this fails, and nothing is lost by that.
  if (open_ && begun_) (void)connection_.run("rollback");
}

Status SqlTransaction::commit() {
  LEAT_TRY(connection_.run("commit"));
  open_ = false;
  return {};
}

}  // namespace leat
