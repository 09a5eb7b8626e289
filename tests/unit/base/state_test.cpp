#include <gtest/gtest.h>

#include <leat/state.hpp>

namespace leat {
namespace {

TEST(State, parts_read_back_by_name) {
  StateWriter writer;
  writer.write("count", std::int64_t{-7});
  writer.write("mean", 2.5);
  writer.write("name", std::string_view("Grüße"));
  writer.write("totals", std::map<std::string, std::int64_t>{{"a", 1}, {"b", INT64_MIN}});
  writer.write_bytes("raw", std::string("\0x", 2));
  const StateReader reader(writer.parts());
  std::int64_t count = 0;
  double mean = 0;
  std::string name;
  std::map<std::string, std::int64_t> totals;
  EXPECT_TRUE(reader.read("count", count));
  EXPECT_TRUE(reader.read("mean", mean));
  EXPECT_TRUE(reader.read("name", name));
  EXPECT_TRUE(reader.read("totals", totals));
  EXPECT_EQ(count, -7);
  EXPECT_EQ(mean, 2.5);
  EXPECT_EQ(name, "Grüße");
  EXPECT_EQ(totals, (std::map<std::string, std::int64_t>{{"a", 1}, {"b", INT64_MIN}}));
  EXPECT_EQ(*reader.bytes("raw"), std::string("\0x", 2));
}

TEST(State, absent_and_damaged_parts_are_errors_that_name_them) {
  // Nothing; another type; cut off; an array that claims 4 billion entries.
  const std::string_view damaged[] = {"", "\xa1x", "\xd3\x00\x01", "\xdd\xff\xff\xff\xff"};
  for (const std::string_view bytes : damaged) {
    StateWriter writer;
    writer.write_bytes("count", std::string(bytes));
    std::int64_t count = 0;
    const Status status = StateReader(writer.parts()).read("count", count);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::storage_failed);
    EXPECT_NE(status.error().message.find("`count`"), std::string::npos);
  }
  std::int64_t count = 0;
  EXPECT_FALSE(StateReader({}).read("count", count));
  EXPECT_EQ(StateReader({}).bytes("count"), nullptr);
}

}  // namespace
}  // namespace leat
