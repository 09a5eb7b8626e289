#pragma once

#include <chrono>
#include <leat/clock.hpp>
#include <leat/result.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace leat {

/// One connection to a SQLite database. Errors: storage_full, or storage_failed with SQLite's words and the
/// path. One thread.
class SqlConnection {
 public:
  struct Options {
    bool create = false;
    bool read_only = false;
    std::chrono::milliseconds busy_wait{10'000};  ///< for another connection's transaction
  };
  static Result<SqlConnection> open(const std::string& path, const Options& options);

  /// Statements without values; several are separated by semicolons.
  Status run(const std::string& statements);
  const std::string& path() const { return path_; }

 private:
  friend class SqlStatement;
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  SqlConnection() = default;
  Failure failure(int result) const;

  std::string path_;
  std::unique_ptr<sqlite3, Closer> database_;
};

/// A statement whose `?` are bound in order. After a failure every further step fails likewise, so that only
/// the last one must be looked at. May not outlive its connection.
class SqlStatement {
 public:
  SqlStatement(SqlConnection& connection, std::string_view text);

  SqlStatement& bind(std::int64_t value);
  SqlStatement& bind(std::string_view text);
  SqlStatement& bind(const std::optional<std::string>& text);
  SqlStatement& bind_bytes(std::string_view bytes);
  /// True when there is a row to read.
  Result<bool> step();
  /// Runs to the end; then it can be bound again.
  Status run();
  /// The only value of the only row.
  Result<std::int64_t> value();

  std::int64_t number(int column) const;
  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;
  /// Of the statement that ran last on the connection.
  std::uint64_t changes() const;

 private:
  struct Closer {
    void operator()(sqlite3_stmt* statement) const;
  };
  SqlStatement& keep(int result);

  SqlConnection& connection_;
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
  int failed_ = 0;
  int bound_ = 0;
};

/// Takes back what was written since it began, unless `commit` succeeds.
class SqlTransaction {
 public:
  explicit SqlTransaction(SqlConnection& connection)
      : connection_(connection), begun_(connection.run("begin immediate")) {}
  ~SqlTransaction();
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;

  const Status& begun() const { return begun_; }
  Status commit();

 private:
  SqlConnection& connection_;
  Status begun_;
  bool open_ = true;
};

}  // namespace leat
