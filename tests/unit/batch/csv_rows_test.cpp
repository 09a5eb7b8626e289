#include <gtest/gtest.h>

#include "support/sample_batches.hpp"

namespace leat {
namespace {

using testing::all_types, testing::cells, testing::random_batch;

SchemaPtr quote() {
  static const SchemaPtr schema =
      Schema::make({{"id", Type::string}, {"price", Type::float64}, {"note", Type::string, true}});
  return schema;
}

std::string read(const SchemaPtr& schema, std::string_view header, std::string_view record,
                 CsvRows::Format format = {}) {
  CsvRows reader(schema, format);
  BatchBuilder rows(schema);
  Status status = header.empty() ? Status() : reader.header(header);
  if (status) status = reader.read(record, rows);
  EXPECT_EQ(rows.row_count(), status ? 1u : 0u);
  if (!status) return code_number(status.error().code) + " " + status.error().message;
  std::string text = to_json_lines(rows.finish());
  text.pop_back();
  return text;
}

TEST(CsvRows, cells_are_read_as_rfc_4180_quotes_them) {
  const std::pair<const char*, const char*> cases[] = {
      {"a,1.5,n", R"({"id":"a","price":1.5,"note":"n"})"},
      {R"("a","1.5","n")", R"({"id":"a","price":1.5,"note":"n"})"},
      {"\"a,b\",2,\"two\nlines\r\nand \"\"quotes\"\"\"",
       R"({"id":"a,b","price":2.0,"note":"two\nlines\r\nand \"quotes\""})"},
      {"a,1,", R"({"id":"a","price":1.0,"note":null})"},
      {R"(a,1,"")", R"({"id":"a","price":1.0,"note":""})"},
      {R"(,1,"""")", R"({"id":"","price":1.0,"note":"\""})"},
      {" a ,1, n ", R"({"id":" a ","price":1.0,"note":" n "})"},
  };
  for (const auto& [record, wanted] : cases) EXPECT_EQ(read(quote(), "", record), wanted) << record;
}

TEST(CsvRows, a_header_maps_columns_to_fields_by_name) {
  EXPECT_EQ(read(quote(), "note,x,\"price\",id", "n,7,1,a"), R"({"id":"a","price":1.0,"note":"n"})");
  EXPECT_EQ(read(quote(), "price,id", "1,a"), R"({"id":"a","price":1.0,"note":null})");
}

TEST(CsvRows, errors_name_the_column) {
  struct Case {
    const char* header;
    const char* record;
    const char* error;
  };
  const Case cases[] = {
      {"id,note", "", "L0501 no column `price` in the header"},
      {"id,price,id", "", "L0501 two columns are called `id`"},
      {"id,\"price", "", "L0501 column 2: the quote is never closed"},
      {"", "a,1", "L0501 2 columns, expected 3"},
      {"", "a,1,n,", "L0501 4 columns, expected 3"},
      {"", "a,one,n", "L0501 column `price`: `one` is not a float64"},
      {"", "a,1 ,n", "L0501 column `price`: `1 ` is not a float64"},
      {"", "a,,n", "L0503 column `price` is empty"},
      {"", "a,1,\"n", "L0501 column 3: the quote is never closed"},
      {"", "a,1,\"n\"x", "L0501 column 3: text after the closing quote"},
      {"", "a,1,n\"x\"", "L0501 column 3: a quote inside an unquoted value"},
      {"", "\xff,1,n", "L0501 column `id` is not UTF-8"},
  };
  for (const auto& [header, record, error] : cases) EXPECT_EQ(read(quote(), header, record), error) << record;
}

TEST(CsvRows, an_error_quotes_the_beginning_of_a_long_cell) {
  EXPECT_EQ(read(quote(), "", "a," + std::string(39, 'x') + "ööö,n"),
            "L0501 column `price`: `" + std::string(39, 'x') + "...` is not a float64");
  EXPECT_EQ(read(quote(), "", "a,1\xff,n"), "L0501 column `price`: `1?` is not a float64");
}

TEST(CsvRows, every_type_reads_its_values_and_refuses_others) {
  struct Case {
    Type type;
    const char* cell;
    const char* wanted;
  };
  const Case cases[] = {
      {Type::boolean, "true", "true"},
      {Type::boolean, "True", ""},
      {Type::int64, "-9223372036854775808", "-9223372036854775808"},
      {Type::int64, "9223372036854775808", ""},
      {Type::int64, "1.0", ""},
      {Type::float64, "1e3", "1000.0"},
      {Type::float64, "1,5", ""},
      {Type::timestamp, "2026-11-21T04:50:00Z", "\"2026-11-21T04:50:00Z\""},
      {Type::timestamp, "1500000", "\"1970-01-01T00:00:01.5Z\""},
      {Type::timestamp, "2026-11-21", ""},
      {Type::bytes, "AP8=", "\"AP8=\""},
      {Type::bytes, "AP8", ""},
      {Type::float32_list, "[1;2]", ""},
      {Type::float32_list, "[]", "[]"},
      {Type::float32_list, "[ 1 ]", "[1]"},
      {Type::float32_list, "[1", ""},
      {Type::any, "12", "\"12\""},
  };
  for (const auto& [type, cell, wanted] : cases) {
    const std::string row = read(Schema::make({{"v", type}}), "", cell, {.delimiter = ';'});
    if (*wanted == '\0')
      EXPECT_TRUE(row.starts_with("L0501 ")) << cell << " gave " << row;
    else
      EXPECT_EQ(row, "{\"v\":" + std::string(wanted) + "}") << cell;
  }
}

TEST(CsvRows, what_is_written_reads_back) {
  for (const CsvRows::Format format :
       {CsvRows::Format{}, CsvRows::Format{';', '\''}, CsvRows::Format{'\t', '"'}}) {
    std::vector<Field> fields = all_types()->fields();
    std::erase_if(fields, [](const Field& field) { return field.type == Type::any; });  // reads as text
    const SchemaPtr schema = Schema::make(fields);
    const Batch batch = random_batch(schema, 50, 1);
    CsvRows reader(schema, format);
    BatchBuilder rows(schema);
    std::string record;
    write_csv_header(*schema, format, record);
    ASSERT_TRUE(reader.header(record));
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      record.clear();
      write_csv(batch, row, format, record);
      const Status status = reader.read(record, rows);
      ASSERT_TRUE(status) << record << ": " << status.error().message;
    }
    EXPECT_EQ(cells(rows.finish()), cells(batch));
  }
}

}  // namespace
}  // namespace leat
