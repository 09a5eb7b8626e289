#include <filesystem>
#include <leat/batch_builder.hpp>
#include <leat/testing.hpp>

#include "support/sqlite_file.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using std::chrono_literals::operator""s;
using testing::TempFolder;

const ActorHarness::Inputs kFile{{"in", "{ id: int64, sku: 'string?' }"},
                                 {"product", "{ sku: 'string?', name: string, price: 'float64?' }"}};
const ActorHarness::Inputs kStream{{"in", "{ id: int64, sku: 'string?' }"},
                                   {"table", "{ sku: 'string?', name: string, price: 'float64?' }"}};
const std::string kProducts = "sku,name,price\na,apple,1.5\nb,berry,\n";

std::string order(std::int64_t id, const std::string& sku) {
  return fmt::format("{{\"id\":{},\"sku\":{}}}\n", id, sku == "null" ? sku : '"' + sku + '"');
}

/// Options with the file `t.csv` of the folder.
std::string file_options(const TempFolder& folder, const std::string& more) {
  return fmt::format("{{ table: {{ path: {}, schema: product, key: sku }}, key: sku, {} }}",
                     folder.path("t.csv"), more);
}

TEST(Lookup, adds_the_columns_of_the_row_with_the_key) {
  const TempFolder folder;
  folder.write("t.csv", kProducts);
  ActorHarness lookup("lookup", file_options(folder, "select: [price, name]"), kFile);
  ASSERT_EQ(lookup.problems(), "");
  ASSERT_TRUE(lookup.feed(order(1, "b") + order(2, "c") + order(3, "a") + order(4, "null")));
  EXPECT_EQ(lookup.take(),
            "{\"id\":1,\"sku\":\"b\",\"price\":null,\"name\":\"berry\"}\n"
            "{\"id\":3,\"sku\":\"a\",\"price\":1.5,\"name\":\"apple\"}\n");
  const std::string errors = lookup.take("errors");
  EXPECT_THAT(errors, ::testing::HasSubstr("the table has no row whose `sku` is \\\"c\\\""));
  EXPECT_THAT(errors, ::testing::HasSubstr("the table has no row whose `sku` is null"));
}

TEST(Lookup, adds_all_columns_but_the_key_when_none_are_chosen) {
  const TempFolder folder;
  folder.write("t.csv", kProducts);
  ActorHarness lookup("lookup", file_options(folder, "prefix: product_"), kFile);
  ASSERT_EQ(lookup.problems(), "");
  EXPECT_EQ(lookup.output_schema()->text(),
            "{ id: int64, sku: string?, product_name: string, product_price: float64? }");
  ASSERT_TRUE(lookup.feed(order(1, "a")));
  EXPECT_EQ(lookup.take(), "{\"id\":1,\"sku\":\"a\",\"product_name\":\"apple\",\"product_price\":1.5}\n");
}

TEST(Lookup, drops_or_adds_nulls_for_what_is_missing_when_told_to) {
  const TempFolder folder;
  folder.write("t.csv", kProducts);
  ActorHarness drop("lookup", file_options(folder, "select: name, on_missing: drop"), kFile);
  ASSERT_TRUE(drop.feed(order(1, "c") + order(2, "a") + order(3, "null")));
  EXPECT_EQ(drop.take(), "{\"id\":2,\"sku\":\"a\",\"name\":\"apple\"}\n");
  EXPECT_EQ(drop.dropped("missing"), 2u);
  ActorHarness null("lookup", file_options(folder, "select: name, on_missing: null"), kFile);
  ASSERT_EQ(null.problems(), "");
  EXPECT_EQ(null.output_schema()->text(), "{ id: int64, sku: string?, name: string? }");
  ASSERT_TRUE(null.feed(order(1, "c") + order(2, "a") + order(3, "null")));
  EXPECT_EQ(null.take(),
            "{\"id\":1,\"sku\":\"c\",\"name\":null}\n{\"id\":2,\"sku\":\"a\",\"name\":\"apple\"}\n"
            "{\"id\":3,\"sku\":null,\"name\":null}\n");
}

TEST(Lookup, finds_the_row_whose_key_is_null) {
  const TempFolder folder;
  folder.write("t.csv", "sku,name,price\n,nothing,0\n\"\",empty,0\n");
  ActorHarness lookup("lookup", file_options(folder, "select: name"), kFile);
  ASSERT_TRUE(lookup.feed(order(1, "null") + order(2, "")));
  EXPECT_EQ(lookup.take(),
            "{\"id\":1,\"sku\":null,\"name\":\"nothing\"}\n{\"id\":2,\"sku\":\"\",\"name\":\"empty\"}\n");
}

TEST(Lookup, uses_a_changed_file_and_keeps_the_old_table_when_that_is_broken) {
  const TempFolder folder;
  folder.write("t.csv", kProducts);
  ActorHarness lookup("lookup", file_options(folder, "select: name"), kFile);
  ASSERT_TRUE(lookup.feed(order(1, "a")));
  folder.write("t.csv", "sku,name,price\na,apricot,2\n");
  ASSERT_TRUE(lookup.advance(1s));  // the timer asks for the reading ...
  ASSERT_TRUE(lookup.advance(0s));  // ... and the pool does it
  ASSERT_TRUE(lookup.feed(order(2, "a")));
  folder.write("t.csv", "sku,name,price\na,avocado\n");
  ASSERT_TRUE(lookup.advance(1s));
  ASSERT_TRUE(lookup.advance(5s));
  ASSERT_TRUE(lookup.feed(order(3, "a")));
  folder.write("t.csv", "sku,name,price\na,almond,2\n");
  ASSERT_TRUE(lookup.advance(1s));
  ASSERT_TRUE(lookup.advance(0s));
  ASSERT_TRUE(lookup.feed(order(4, "a")));
  EXPECT_EQ(lookup.take(),
            "{\"id\":1,\"sku\":\"a\",\"name\":\"apple\"}\n{\"id\":2,\"sku\":\"a\",\"name\":\"apricot\"}\n"
            "{\"id\":3,\"sku\":\"a\",\"name\":\"apricot\"}\n{\"id\":4,\"sku\":\"a\",\"name\":\"almond\"}\n");
  const std::string errors = lookup.take("errors");
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
  EXPECT_THAT(errors, ::testing::HasSubstr("table not reloaded (failure 1)"));
  EXPECT_THAT(errors, ::testing::HasSubstr("t.csv:2"));
}

TEST(Lookup, uses_what_another_has_committed_to_a_database) {
  const TempFolder folder;
  testing::SqliteFile writer(folder.path("t.sqlite"));
  writer.exec(
      "create table products(sku text, name text, price real); insert into products values ('a', 'apple', "
      "1)");
  ActorHarness lookup(
      "lookup",
      fmt::format("{{ table: {{ path: {}, from: products, schema: product, key: sku }}, key: sku, "
                  "select: name }}",
                  folder.path("t.sqlite")),
      kFile);
  ASSERT_EQ(lookup.problems(), "");
  ASSERT_TRUE(lookup.feed(order(1, "a")));
  writer.exec("update products set name = 'apricot'");
  ASSERT_TRUE(lookup.advance(1s));
  ASSERT_TRUE(lookup.advance(0s));
  ASSERT_TRUE(lookup.feed(order(2, "a")));
  writer.exec("update products set name = null");
  ASSERT_TRUE(lookup.advance(1s));
  ASSERT_TRUE(lookup.advance(5s));
  ASSERT_TRUE(lookup.feed(order(3, "a")));
  EXPECT_EQ(lookup.take(),
            "{\"id\":1,\"sku\":\"a\",\"name\":\"apple\"}\n{\"id\":2,\"sku\":\"a\",\"name\":\"apricot\"}\n"
            "{\"id\":3,\"sku\":\"a\",\"name\":\"apricot\"}\n");
  const std::string errors = lookup.take("errors");
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), 1) << errors;
  EXPECT_THAT(errors, ::testing::HasSubstr("field `name` is null"));
}

TEST(Lookup, does_not_look_at_the_file_again_when_told_so) {
  const TempFolder folder;
  folder.write("t.csv", kProducts);
  ActorHarness lookup(
      "lookup",
      fmt::format("{{ table: {{ path: {}, schema: product, key: sku, reload: 0s }}, key: sku }}",
                  folder.path("t.csv")),
      kFile);
  folder.write("t.csv", "broken");
  ASSERT_TRUE(lookup.advance(100s));
  ASSERT_TRUE(lookup.advance(100s));
  EXPECT_EQ(lookup.take("errors"), "");
}

TEST(Lookup, does_not_start_without_its_file) {
  const TempFolder folder;
  ActorHarness lookup("lookup", file_options(folder, "select: name"), kFile);
  EXPECT_THAT(lookup.problems(), ::testing::HasSubstr("warning"));
  EXPECT_THAT(lookup.problems(), ::testing::HasSubstr("the start needs it"));
  const Status started = lookup.feed(order(1, "a"));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::input_missing);
  EXPECT_EQ(started.error().place, folder.path("t.csv"));
}

TEST(Lookup, takes_another_stream_as_its_table_the_newest_row_of_a_key) {
  ActorHarness lookup("lookup", "{ table: { key: sku }, key: sku, on_missing: 'null' }", kStream);
  ASSERT_EQ(lookup.problems(), "");
  ASSERT_TRUE(lookup.feed(order(1, "a")));
  ASSERT_TRUE(
      lookup.feed("{\"sku\":\"a\",\"name\":\"old\"}\n{\"sku\":null,\"name\":\"n\"}\n"
                  "{\"sku\":\"a\",\"name\":\"new\",\"price\":2.0}\n",
                  "table"));
  ASSERT_TRUE(lookup.feed(order(2, "a") + order(3, "null")));
  ASSERT_TRUE(lookup.restart());
  ASSERT_TRUE(lookup.feed("{\"sku\":\"b\",\"name\":\"later\"}\n", "table"));
  ASSERT_TRUE(lookup.feed(order(4, "a") + order(5, "b")));
  EXPECT_EQ(lookup.take(),
            "{\"id\":1,\"sku\":\"a\",\"name\":null,\"price\":null}\n"
            "{\"id\":2,\"sku\":\"a\",\"name\":\"new\",\"price\":2.0}\n"
            "{\"id\":3,\"sku\":null,\"name\":\"n\",\"price\":null}\n"
            "{\"id\":4,\"sku\":\"a\",\"name\":\"new\",\"price\":2.0}\n"
            "{\"id\":5,\"sku\":\"b\",\"name\":\"later\",\"price\":null}\n");
  EXPECT_EQ(lookup.take("errors"), "");
}

TEST(Lookup, holds_no_more_keys_of_a_stream_than_it_may) {
  ActorHarness lookup("lookup", "{ table: { key: sku, rows_max: 1 }, key: sku, select: name }", kStream);
  ASSERT_TRUE(
      lookup.feed("{\"sku\":\"a\",\"name\":\"1\"}\n{\"sku\":\"b\",\"name\":\"2\"}\n"
                  "{\"sku\":\"a\",\"name\":\"3\"}\n",
                  "table"));
  EXPECT_THAT(lookup.take("errors"), ::testing::HasSubstr("raise `table.rows_max`"));
  ASSERT_TRUE(lookup.feed(order(1, "a")));
  EXPECT_EQ(lookup.take(), "{\"id\":1,\"sku\":\"a\",\"name\":\"3\"}\n");
}

TEST(Lookup, keeps_the_newest_rows_of_a_stream_that_updates_a_few_keys_for_long) {
  ActorHarness lookup("lookup", "{ table: { key: sku }, key: sku, select: name }", kStream);
  for (int round = 0; round < 300; ++round) {
    std::string rows;
    for (int row = 0; row < 100; ++row)
      rows += fmt::format("{{\"sku\":\"s{}\",\"name\":\"{}\"}}\n", row % 7, round);
    ASSERT_TRUE(
        lookup.feed(rows + fmt::format("{{\"sku\":\"r{}\",\"name\":\"{}\"}}\n", round, round), "table"));
  }
  ASSERT_TRUE(lookup.feed(order(1, "s3") + order(2, "r0") + order(3, "r150") + order(4, "s6")));
  EXPECT_EQ(lookup.take(),
            "{\"id\":1,\"sku\":\"s3\",\"name\":\"299\"}\n{\"id\":2,\"sku\":\"r0\",\"name\":\"0\"}\n"
            "{\"id\":3,\"sku\":\"r150\",\"name\":\"150\"}\n{\"id\":4,\"sku\":\"s6\",\"name\":\"299\"}\n");
}

TEST(Lookup, says_what_is_wrong_with_its_options) {
  const TempFolder folder;
  const std::string csv = "path: " + folder.write("t.csv", kProducts);
  testing::SqliteFile(folder.path("t.db")).exec("create table products(sku text, name text, pirce real)");
  const std::string db = "schema: product, key: sku, path: " + folder.path("t.db");
  struct Case {
    std::string options;
    const ActorHarness::Inputs& inputs;
    const char* said;
  };
  const Case cases[] = {
      {"{ key: sku }", kFile, "`table` is missing"},
      {"{ table: { " + csv + ", schema: product }, key: sku }", kFile, "`key` is missing"},
      {"{ table: { " + csv + ", key: sku }, key: sku }", kFile, "`schema` is missing"},
      {"{ table: { " + csv + ", schema: prodcut, key: sku }, key: sku }", kFile, "did you mean `product`?"},
      {"{ table: { " + csv + ", schema: product, key: skuu }, key: sku }", kFile, "did you mean `sku`?"},
      {"{ table: { " + csv + ", schema: product, key: sku }, key: id }", kFile, "`string(id)` makes it one"},
      {"{ table: { " + csv + ", schema: product, key: sku }, key: sku, select: [pirce] }", kFile,
       "did you mean `price`?"},
      {"{ table: { " + csv + ", schema: product, key: sku }, key: sku, select: [name, name] }", kFile,
       "`name` stands twice"},
      {"{ table: { " + csv + ", schema: product, key: sku }, key: sku, select: [sku] }", kFile,
       "the input has a field `sku` already"},
      {"{ table: { " + csv + ", schema: product, key: sku }, key: sku, prefix: 1- }", kFile,
       "`1-` cannot begin the name of a column"},
      {"{ table: { " + db + " }, key: sku }", kFile, "`query` or `from` is missing"},
      {"{ table: { " + db + ", from: a, query: b }, key: sku }", kFile, "remove one"},
      {"{ table: { " + db + ", from: products }, key: sku }", kFile, "did you mean `pirce`?"},
      {"{ table: { " + db + ", from: product }, key: sku }", kFile, "no such table: product"},
      {"{ table: { " + db + ", query: drop table products }, key: sku }", kFile, "it must be a SELECT"},
      {"{ table: { " + csv + ", schema: product, key: sku, from: t }, key: sku }", kFile,
       "`from` is for a SQLite database"},
      {"{ table: { key: sku, query: select 1 }, key: sku }", kFile, "`path` is missing"},
      {"{ table: { path: t.txt, schema: product, key: sku }, key: sku }", kFile, "ends in .csv"},
      {"{ table: { key: sku }, key: sku }", kFile, "there is no table to look up in"},
      {"{ table: { " + csv + ", key: sku }, key: sku }", kStream, "remove one"},
      {"{ table: { key: sku, schema: in }, key: sku }", kStream, "remove `schema`"},
      {"{ table: { " + csv + ", schema: product, key: sku }, key: sku, on_missing: nul }", kFile,
       "did you mean `null`?"},
  };
  for (const Case& one : cases)
    EXPECT_THAT(ActorHarness("lookup", one.options, one.inputs).problems(), ::testing::HasSubstr(one.said))
        << one.options;
}

}  // namespace
}  // namespace leat
