#include "transform/sqlite_reader.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <leat/codec.hpp>
#include <leat/config_node.hpp>

namespace leat {
namespace {

constexpr int kBusyWaitMs = 2000;

/// MessagePack: a tag and a number, big-endian.
template <class Number>
void put(char tag, Number number, std::string& out) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  if constexpr (std::endian::native == std::endian::little) std::reverse(bytes, bytes + sizeof number);
  out += tag;
  out.append(bytes, sizeof number);
}

void put_text(char tag, const void* bytes, int size, std::string& out) {
  put(tag, static_cast<std::uint32_t>(size), out);
  if (size > 0) out.append(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

}  // namespace

void SqliteReader::Closer::operator()(sqlite3* database) const {
  sqlite3_close(database);
}

void SqliteReader::Closer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

std::string sqlite_query_of(std::string_view table) {
  std::string query = "select * from \"";
  for (const char character : table) query.append(character == '"' ? 2 : 1, character);
  return query += '"';
}

Failure SqliteReader::failure(int result) {
  is_busy_ = (result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_LOCKED;
  const char* words = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(result);
  if (is_busy_)
    return fail(Code::storage_failed, "a writer has locked the database for over two seconds", path_);
  switch (result & 0xff) {
    case SQLITE_READONLY:
      return fail(
          Code::unreadable_file,
          fmt::format("{}: it is in WAL mode, and its -wal and -shm files can't be opened or made", words),
          path_);
    case SQLITE_CANTOPEN:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_PERM:
      return fail(Code::unreadable_file, words, path_);
    case SQLITE_ERROR:
      return fail(Code::bad_value, fmt::format("query: {}", words), path_);
    default:
      return fail(Code::storage_failed, words, path_);
  }
}

Result<SqliteReader> SqliteReader::open(std::string path, std::string query, SchemaPtr schema) {
  SqliteReader reader;
  reader.path_ = std::move(path);
  reader.query_ = std::move(query);
  reader.schema_ = std::move(schema);
  sqlite3* database = nullptr;
  const int result =
      sqlite3_open_v2(reader.path_.c_str(), &database,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  reader.database_.reset(database);
  if (result != SQLITE_OK) return reader.failure(result);
  sqlite3_busy_timeout(database, kBusyWaitMs);
  // Without these a misspelt column in double quotes is a text, and the schema of a foreign file may call any
  // function.
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return reader;
}

Status SqliteReader::exec(const char* text) {
  const int result = sqlite3_exec(database_.get(), text, nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? Status() : failure(result);
}

Status SqliteReader::begin() {
  is_busy_ = false;
  return exec("begin");
}

void SqliteReader::end() {
  statement_.reset();
  sqlite3_exec(database_.get(), "rollback", nullptr, nullptr, nullptr);  // nothing was written
}

Result<std::int64_t> SqliteReader::data_version() {
  sqlite3_stmt* made = nullptr;
  int result = sqlite3_prepare_v2(database_.get(), "pragma data_version", -1, &made, nullptr);
  const std::unique_ptr<sqlite3_stmt, Closer> statement(made);
  if (result == SQLITE_OK) result = sqlite3_step(made);
  if (result != SQLITE_ROW) return failure(result);
  return sqlite3_column_int64(made, 0);
}

Status SqliteReader::prepare() {
  sqlite3_stmt* made = nullptr;
  const char* rest = nullptr;
  const int result =
      sqlite3_prepare_v2(database_.get(), query_.data(), static_cast<int>(query_.size()), &made, &rest);
  statement_.reset(made);
  if (result != SQLITE_OK) return failure(result);
  const std::string_view behind(rest, static_cast<std::size_t>(query_.data() + query_.size() - rest));
  if (behind.find_first_not_of(" \t\r\n;") != std::string_view::npos)
    return fail(Code::bad_value, "query: it must be one statement", path_);
  if (made == nullptr || sqlite3_column_count(made) == 0 || sqlite3_stmt_readonly(made) == 0)
    return fail(Code::bad_value, "query: it must be a SELECT", path_);
  row_number_ = bytes_read_ = 0;
  return match_columns();
}

Status SqliteReader::match_columns() {
  std::vector<std::string> names;
  for (int column = 0; column < sqlite3_column_count(statement_.get()); ++column)
    names.emplace_back(sqlite3_column_name(statement_.get(), column));
  columns_.clear();
  for (const Field& field : schema_->fields()) {
    const auto found = std::ranges::find(names, field.name);
    if (found == names.end()) {
      const std::string meant = suggest(field.name, names);
      return fail(Code::unknown_field,
                  fmt::format("query: it gives no column `{}`, only {}{}", field.name, fmt::join(names, ", "),
                              meant.empty() ? "" : "; " + meant),
                  path_);
    }
    if (std::find(found + 1, names.end(), field.name) != names.end())
      return fail(Code::bad_value,
                  fmt::format("query: it gives two columns `{}`; rename one with AS", field.name), path_);
    columns_.push_back(static_cast<int>(found - names.begin()));
  }
  return {};
}

void SqliteReader::pack_value(int column, Type type) {
  sqlite3_stmt* from = statement_.get();
  switch (sqlite3_column_type(from, column)) {
    case SQLITE_INTEGER: {
      const std::int64_t number = sqlite3_column_int64(from, column);
      if (type == Type::boolean && (number == 0 || number == 1))
        row_ += static_cast<char>(number == 0 ? 0xc2 : 0xc3);
      else
        put('\xd3', number, row_);
      return;
    }
    case SQLITE_FLOAT:
      return put('\xcb', sqlite3_column_double(from, column), row_);
    case SQLITE_TEXT: {
      const unsigned char* text = sqlite3_column_text(from, column);  // before its size: it may be converted
      return put_text('\xdb', text, sqlite3_column_bytes(from, column), row_);
    }
    case SQLITE_BLOB: {
      const void* bytes = sqlite3_column_blob(from, column);
      return put_text('\xc6', bytes, sqlite3_column_bytes(from, column), row_);
    }
    default:
      row_ += '\xc0';
  }
}

// By way of MessagePack, so that a database's values are checked and refused as everyone else's are.
Result<bool> SqliteReader::next(BatchBuilder& rows) {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_DONE) return false;
  if (result != SQLITE_ROW) return failure(result);
  ++row_number_;
  row_.clear();
  put('\xdf', static_cast<std::uint32_t>(columns_.size()), row_);
  for (std::size_t field = 0; field < columns_.size(); ++field) {
    const std::string& name = (*schema_)[field].name;
    put_text('\xdb', name.data(), static_cast<int>(name.size()), row_);
    pack_value(columns_[field], (*schema_)[field].type);
  }
  bytes_read_ += row_.size();
  if (Status read = read_msgpack(row_, rows); !read)
    return fail(read.error().code,
                fmt::format("row {} of `{}`: {}", row_number_, query_, read.error().message), path_);
  return true;
}

}  // namespace leat
