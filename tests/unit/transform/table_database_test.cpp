#include "transform/table_database.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <leat/codec.hpp>

#include "support/sqlite_file.hpp"
#include "support/temp_folder.hpp"
#include "transform/table_file.hpp"

namespace leat {
namespace {

using testing::SqliteFile;
using testing::TempFolder;

constexpr const char* kSchema = "create table customers(id integer primary key, name text, tier text);";

SchemaPtr schema() {
  return Schema::make({{"id", Type::int64}, {"name", Type::string}, {"tier", Type::string, true}});
}

TableFileOptions options(const TempFolder& folder, const std::string& query = "select * from customers") {
  return {.path = folder.path("t.sqlite"),
          .query = query,
          .schema = schema(),
          .key = 0,
          .columns = {1, 2},
          .kept = Schema::make({(*schema())[1], (*schema())[2]}),
          .rows_max = 100'000,
          .bytes_max = Bytes{1 << 20}};
}

/// "name tier", or "none".
std::string found(const TableFile& file, std::int64_t id) {
  const Batch ids = [&] {
    BatchBuilder rows(Schema::make({{"id", Type::int64}}));
    rows.add(id);
    return rows.finish();
  }();
  std::string key;
  append_key(ids.column(0), 0, key);
  const auto table = file.table();
  const RowStore::At* at = table->find(key);
  if (at == nullptr) return "none";
  const Batch& batch = table->batch(*at);
  return fmt::format("{} {}", batch.column(0).text(at->row),
                     batch.column(1).is_null(at->row) ? "null" : batch.column(1).text(at->row));
}

TEST(TableDatabase, reads_what_the_query_gives_by_column_name) {
  const TempFolder folder;
  SqliteFile(folder.path("t.sqlite"))
      .exec(std::string(kSchema) +
            "insert into customers values (1, 'Ann', 'gold'), (2, 'Bob', null), (3, 'Z', 'z')");
  TableFile file(
      options(folder, "select tier, upper(name) as name, 'more', id from customers where id < 3;\n"));
  const Status read = file.refresh();
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(found(file, 1), "ANN gold");
  EXPECT_EQ(found(file, 2), "BOB null");
  EXPECT_EQ(found(file, 3), "none");
}

TEST(TableDatabase, reads_a_table_or_view_whatever_it_is_called) {
  const TempFolder folder;
  SqliteFile(folder.path("t.sqlite"))
      .exec(std::string(kSchema) +
            "insert into customers values (1, 'Ann', 'gold');"
            "create view \"a \"\"view\"\"\" as select id, name, 'v' as tier from customers");
  TableFile table(options(folder, sqlite_query_of("customers")));
  ASSERT_TRUE(table.refresh());
  EXPECT_EQ(found(table, 1), "Ann gold");
  TableFile view(options(folder, sqlite_query_of("a \"view\"")));
  ASSERT_TRUE(view.refresh());
  EXPECT_EQ(found(view, 1), "Ann v");
}

TEST(TableDatabase, reads_every_type_that_a_database_has) {
  const TempFolder folder;
  SqliteFile(folder.path("t.sqlite"))
      .exec(
          "create table t(k integer, f real, n numeric, b integer, s text, y blob, at text, us integer, a);"
          "insert into t values (-5, 1.5, 2.0, 1, 'é', x'00ff', '2026-01-02T03:04:05Z', 1000000, 'any')");
  TableFileOptions all = options(folder, "select * from t");
  all.schema = Schema::make({{"k", Type::int64},
                             {"f", Type::float64},
                             {"n", Type::float64},
                             {"b", Type::boolean},
                             {"s", Type::string},
                             {"y", Type::bytes},
                             {"at", Type::timestamp},
                             {"us", Type::timestamp},
                             {"a", Type::any}});
  all.kept = all.schema;
  all.columns = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  TableFile file(all);
  const Status read = file.refresh();
  ASSERT_TRUE(read) << read.error().text();
  std::string row;
  file.table()->visit(
      [&](const std::string&, const Batch& batch, std::uint32_t at) { write_json(batch, at, row); });
  EXPECT_EQ(row, R"({"k":-5,"f":1.5,"n":2.0,"b":true,"s":"é","y":"AP8=","at":"2026-01-02T03:04:05Z",)"
                 R"("us":"1970-01-01T00:00:01Z","a":"any"})");
}

TEST(TableDatabase, is_read_again_when_another_has_changed_it_and_only_then) {
  for (const char* mode : {"delete", "wal"}) {
    const TempFolder folder;
    SqliteFile writer(folder.path("t.sqlite"));
    writer.exec(fmt::format("pragma journal_mode={};", mode) + kSchema +
                "insert into customers values (1, 'a', 'x')");
    TableFile file(options(folder));
    ASSERT_TRUE(file.refresh()) << mode;
    const auto first = file.table();
    ASSERT_TRUE(file.refresh());
    EXPECT_EQ(file.table(), first) << mode;
    writer.exec("update customers set name = 'b'");  // the same size
    ASSERT_TRUE(file.refresh());
    EXPECT_EQ(found(file, 1), "b x") << mode;
    writer.exec("begin; update customers set name = 'half'");
    ASSERT_TRUE(file.refresh());
    EXPECT_EQ(found(file, 1), "b x") << mode << ": what is not committed is not seen";
    writer.exec("commit");
    ASSERT_TRUE(file.refresh());
    EXPECT_EQ(found(file, 1), "half x") << mode;
    const std::string other = folder.path("new.sqlite");
    SqliteFile(other).exec(std::string(kSchema) + "insert into customers values (1, 'c', 'x')");
    std::filesystem::remove(folder.path("t.sqlite-wal"));
    std::filesystem::remove(folder.path("t.sqlite-shm"));
    std::filesystem::rename(other, folder.path("t.sqlite"));
    ASSERT_TRUE(file.refresh()) << mode;
    EXPECT_EQ(found(file, 1), "c x") << mode;
  }
}

TEST(TableDatabase, keeps_its_table_when_the_new_state_is_broken_and_tells_that_once) {
  const TempFolder folder;
  SqliteFile writer(folder.path("t.sqlite"));
  writer.exec(std::string(kSchema) + "insert into customers values (1, 'a', 'x')");
  TableFile file(options(folder));
  ASSERT_TRUE(file.refresh());
  writer.exec("insert into customers values (2, null, 'x')");
  const Status broken = file.refresh();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().text(),
            folder.path("t.sqlite") + ": row 2 of `select * from customers`: field `name` is null (L0503)");
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(found(file, 1), "a x");
  writer.exec("delete from customers; insert into customers values (3, 'c', 'x')");
  ASSERT_TRUE(file.refresh());
  EXPECT_EQ(found(file, 1), "none");
  EXPECT_EQ(found(file, 3), "c x");
  std::filesystem::remove(folder.path("t.sqlite"));
  EXPECT_EQ(file.refresh().error().code, Code::input_missing);
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(found(file, 3), "c x");
  SqliteFile(folder.path("t.sqlite"))
      .exec(std::string(kSchema) + "insert into customers values (4, 'd', null)");
  ASSERT_TRUE(file.refresh());
  EXPECT_EQ(found(file, 4), "d null");
}

TEST(TableDatabase, waits_for_a_writer_then_says_so_once_and_asks_again) {
  const TempFolder folder;
  SqliteFile writer(folder.path("t.sqlite"));
  writer.exec(std::string(kSchema) + "insert into customers values (1, 'a', 'x')");
  TableFile file(options(folder));
  ASSERT_TRUE(file.refresh());
  writer.exec("begin exclusive; update customers set name = 'b'");
  const Status busy = file.refresh();
  ASSERT_FALSE(busy);
  EXPECT_THAT(busy.error().message, ::testing::HasSubstr("a writer has locked the database"));
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(found(file, 1), "a x");
  writer.exec("commit");
  ASSERT_TRUE(file.refresh());
  EXPECT_EQ(found(file, 1), "b x");
}

TEST(TableDatabase, repeats_its_failure_while_there_is_no_table) {
  const TempFolder folder;
  TableFile file(options(folder));
  EXPECT_EQ(file.refresh().error().code, Code::input_missing);
  EXPECT_EQ(file.refresh().error().code, Code::input_missing);
}

TEST(TableDatabase, never_writes_to_the_file) {
  const TempFolder folder;
  SqliteFile(folder.path("t.sqlite")).exec(kSchema);
  const std::string before = folder.read("t.sqlite");
  for (const char* query :
       {"delete from customers", "insert into customers values (9, 'x', 'y') returning *",
        "select * from customers; drop table customers", "attach 'x.sqlite' as x", "begin", ""}) {
    TableFile file(options(folder, query));
    const Status read = file.refresh();
    ASSERT_FALSE(read) << query;
    EXPECT_EQ(read.error().code, Code::bad_value) << query << read.error().text();
  }
  EXPECT_EQ(folder.read("t.sqlite"), before);
}

TEST(TableDatabase, says_what_is_wrong_with_a_query_or_value) {
  const TempFolder folder;
  SqliteFile(folder.path("t.sqlite"))
      .exec(std::string(kSchema) + "insert into customers values (1, 'a', 'x'), (2, x'ff', 'x')");
  struct Case {
    const char* query;
    Code code;
    const char* said;
  };
  const Case cases[] = {
      {"select id, name from customers", Code::unknown_field, "gives no column `tier`, only id, name"},
      {"select id, name, tier as tire from customers", Code::unknown_field, "did you mean `tire`?"},
      {"select id, name, tier, name from customers", Code::bad_value, "two columns `name`"},
      {"select id, name, \"tiers\" as tier from customers", Code::bad_value, "no such column: tiers"},
      {"select * from customer", Code::bad_value, "no such table: customer"},
      {"selct", Code::bad_value, "syntax error"},
      {"select * from customers", Code::malformed_record, "row 2 of `select * from customers`: field `name`"},
      {"select 'x' as id, name, tier from customers", Code::malformed_record, "field `id` is a int64"},
      {"select id, cast(x'ff' as text) as name, tier from customers", Code::malformed_record, "is not UTF-8"},
      {"select id, hex(zeroblob(1000000)) as name, tier from customers", Code::too_large,
       "raise `bytes_max`"},
  };
  for (const Case& one : cases) {
    TableFile file(options(folder, one.query));
    const Status read = file.refresh();
    ASSERT_FALSE(read) << one.query;
    EXPECT_EQ(read.error().code, one.code) << one.query << read.error().text();
    EXPECT_THAT(read.error().message, ::testing::HasSubstr(one.said));
    EXPECT_EQ(read.error().place, folder.path("t.sqlite"));
  }
}

TEST(TableDatabase, says_what_is_wrong_with_a_file) {
  const TempFolder folder;
  folder.write("t.sqlite", "this is a text of some length, and no database at all");
  TableFile text(options(folder));
  const Status read = text.refresh();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::unreadable_file) << read.error().text();
  EXPECT_THAT(read.error().message, ::testing::HasSubstr("not a database"));
  std::filesystem::remove(folder.path("t.sqlite"));
  std::filesystem::create_directory(folder.path("t.sqlite"));
  const Status directory = text.refresh();
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().message, "this is not a file");
}

TEST(TableDatabase, holds_no_more_keys_than_it_may) {
  const TempFolder folder;
  SqliteFile(folder.path("t.sqlite"))
      .exec(std::string(kSchema) +
            "insert into customers with recursive n(i) as (select 1 union all select i + 1 from n where i < "
            "20000)"
            " select i, 'n' || i, null from n");
  TableFileOptions few = options(folder);
  few.rows_max = 19'999;
  EXPECT_THAT(TableFile(few).refresh().error().message, ::testing::HasSubstr("raise `rows_max`"));
  few.rows_max = 20'000;
  TableFile enough(few);
  ASSERT_TRUE(enough.refresh());
  EXPECT_EQ(found(enough, 20'000), "n20000 null");
}

}  // namespace
}  // namespace leat
