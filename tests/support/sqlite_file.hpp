#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

namespace leat::testing {

/// A connection of a test's own to a SQLite database, made if it is not there.
class SqliteFile {
 public:
  explicit SqliteFile(const std::string& path) {
    EXPECT_EQ(::sqlite3_open(path.c_str(), &database_), SQLITE_OK);
  }
  ~SqliteFile() { ::sqlite3_close(database_); }
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  void exec(const std::string& statements) {
    char* said = nullptr;
    EXPECT_EQ(::sqlite3_exec(database_, statements.c_str(), nullptr, nullptr, &said), SQLITE_OK) << said;
    ::sqlite3_free(said);
  }

 private:
  sqlite3* database_ = nullptr;
};

}  // namespace leat::testing
