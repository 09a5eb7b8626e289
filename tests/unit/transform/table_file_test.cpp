#include "transform/table_file.hpp"

#include <filesystem>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using testing::TempFolder;

const SchemaPtr& schema() {
  static const SchemaPtr product =
      Schema::make({{"sku", Type::string, true}, {"name", Type::string, true}, {"price", Type::float64}});
  return product;
}

TableFileOptions options(const std::string& path) {
  return {.path = path,
          .schema = schema(),
          .key = 0,
          .columns = {1, 2},
          .kept = Schema::make({(*schema())[1], (*schema())[2]}),
          .rows_max = 100'000,
          .bytes_max = Bytes{1 << 20}};
}

std::string key(std::string_view text) {
  return '\1' + std::string(text);
}

/// "name price", or "none".
std::string found(const TableFile& file, const std::string& wanted) {
  const auto table = file.table();
  const RowStore::At* at = table->find(wanted);
  if (at == nullptr) return "none";
  const Batch& batch = table->batch(*at);
  return fmt::format("{} {}", batch.column(0).is_null(at->row) ? "null" : batch.column(0).text(at->row),
                     batch.column(1).float64(at->row));
}

TEST(TableFile, reads_each_format) {
  const std::pair<const char*, const char*> files[] = {
      {"t.csv",
       "\xef\xbb\xbfprice,sku,name\r\n1.5,a,\"two\nlines, \"\"q\"\"\"\r\n2,b,\"in \"\"the\"\" middle\"\r\n"},
      {"t.tsv", "sku\tname\tprice\nb\t\"in \"\"the\"\" middle\"\t2\n\na\t\"two\nlines, \"\"q\"\"\"\t1.5"},
      {"t.jsonl",
       "{\"sku\":\"a\",\"name\":\"two\\nlines, \\\"q\\\"\",\"price\":1.5,\"more\":1}\n\n"
       "{\"sku\":\"b\",\"name\":\"in \\\"the\\\" middle\",\"price\":2}"},
  };
  const TempFolder folder;
  for (const auto& [name, text] : files) {
    TableFile file(options(folder.write(name, text)));
    const Status read = file.refresh();
    ASSERT_TRUE(read) << name << ": " << read.error().text();
    EXPECT_EQ(found(file, key("a")), "two\nlines, \"q\" 1.5") << name;
    EXPECT_EQ(found(file, key("b")), "in \"the\" middle 2") << name;
    EXPECT_EQ(found(file, key("c")), "none") << name;
    EXPECT_EQ(file.table()->size(), 2u);
  }
}

TEST(TableFile, takes_null_as_a_key_and_the_last_of_equal_ones) {
  const TempFolder folder;
  TableFile file(options(folder.write("t.csv", "sku,name,price\na,first,1\n,nothing,2\na,last,3\n")));
  ASSERT_TRUE(file.refresh());
  EXPECT_EQ(found(file, key("a")), "last 3");
  EXPECT_EQ(found(file, std::string(1, '\0')), "nothing 2");
  EXPECT_EQ(file.table()->replaced(), 1u);
}

TEST(TableFile, is_read_again_only_when_it_has_changed) {
  const TempFolder folder;
  const std::string path = folder.write("t.csv", "sku,name,price\na,x,1\n");
  TableFile file(options(path));
  ASSERT_TRUE(file.refresh());
  const auto first = file.table();
  ASSERT_TRUE(file.refresh());
  EXPECT_EQ(file.table(), first);
  folder.write("new.csv", "sku,name,price\na,y,1\n");  // the same size
  std::filesystem::rename(folder.path("new.csv"), path);
  ASSERT_TRUE(file.refresh());
  EXPECT_EQ(found(file, key("a")), "y 1");
  EXPECT_EQ(first->size(), 1u);  // whoever has the old one keeps it
}

TEST(TableFile, keeps_its_table_when_the_new_file_is_broken_and_tries_that_once) {
  const TempFolder folder;
  const std::string path = folder.write("t.csv", "sku,name,price\na,x,1\n");
  TableFile file(options(path));
  ASSERT_TRUE(file.refresh());
  folder.write("t.csv", "sku,name,price\na,y,1\nb,z,cheap\n");
  const Status broken = file.refresh();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().place, path + ":3");
  EXPECT_THAT(broken.error().message, ::testing::HasSubstr("price"));
  EXPECT_EQ(found(file, key("a")), "x 1");
  EXPECT_TRUE(file.refresh());
  std::filesystem::remove(path);
  EXPECT_EQ(file.refresh().error().code, Code::input_missing);
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(found(file, key("a")), "x 1");
  folder.write("t.csv", "sku,name,price\na,back,1\n");
  ASSERT_TRUE(file.refresh());
  EXPECT_EQ(found(file, key("a")), "back 1");
}

TEST(TableFile, says_what_is_wrong_with_a_file) {
  const TempFolder folder;
  struct Case {
    std::string name, text;
    Code code;
    const char* said;
  };
  const Case cases[] = {
      {"header.csv", "sku,name,pirce\n", Code::malformed_record, "price"},
      {"text.csv", "sku,name,price\n\xff,x,1\n", Code::malformed_record, "UTF-8"},
      {"open.csv", "sku,name,price\n\"a,x,1\nb,y,2\n", Code::malformed_record, "quote"},
      {"null.jsonl", "{\"sku\":\"a\"}\n", Code::missing_value, "price"},
      {"half.jsonl", "{\"sku\":\"a\",\"pri", Code::malformed_record, ""},
      {"large.csv", std::string((1 << 20) + 1, 'x'), Code::too_large, "raise `bytes_max` (1MiB)"},
  };
  for (const Case& one : cases) {
    TableFile file(options(folder.write(one.name, one.text)));
    const Status read = file.refresh();
    ASSERT_FALSE(read) << one.name;
    EXPECT_EQ(read.error().code, one.code) << one.name << read.error().text();
    EXPECT_THAT(read.error().message, ::testing::HasSubstr(one.said)) << one.name;
    EXPECT_THAT(read.error().place, ::testing::StartsWith(folder.path(one.name)));
  }
  TableFile directory(options(folder.path("")));
  EXPECT_EQ(directory.refresh().error().code, Code::unreadable_file);
}

TEST(TableFile, holds_no_more_keys_than_it_may) {
  const TempFolder folder;
  std::string text = "sku,name,price\n";
  for (int row = 0; row < 20'000; ++row) text += fmt::format("s{},n,1\n", row);
  TableFileOptions few = options(folder.write("t.csv", text));
  few.rows_max = 19'999;
  EXPECT_THAT(TableFile(few).refresh().error().message, ::testing::HasSubstr("raise `rows_max`"));
  few.rows_max = 20'000;
  TableFile enough(few);
  ASSERT_TRUE(enough.refresh());
  EXPECT_EQ(found(enough, key("s19999")), "n 1");
  EXPECT_EQ(found(enough, key("s0")), "n 1");
}

}  // namespace
}  // namespace leat
