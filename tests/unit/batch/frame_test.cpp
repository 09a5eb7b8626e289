#include "batch/frame.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "batch.pb.h"
#include "support/sample_batches.hpp"

namespace leat {
namespace {

using testing::all_types, testing::cells, testing::random_batch;

// A frame that a test may damage before it is read.
struct Frame {
  wire::BatchLayout layout;
  std::vector<std::byte> body;

  explicit Frame(const Batch& batch) : body(body_size(batch)) {
    set_layout(batch, layout);
    write_body(batch, body.data());
  }
  Result<Batch> read(const SchemaPtr& schema) const {
    auto owner = std::make_shared<std::vector<std::byte>>(body);
    return read_batch(layout, schema, *owner, Memory::hold(owner));
  }
  std::int32_t& offset(std::size_t at) { return reinterpret_cast<std::int32_t*>(body.data())[at]; }
};

TEST(Frame, every_type_survives_the_trip) {
  for (const std::uint32_t rows : {0u, 1u, 7u, 8u, 64u, 1000u}) {
    const Batch batch = random_batch(all_types(), rows, rows).with_entered(Time(Duration(77)));
    const Result<Batch> read = Frame(batch).read(all_types());
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(cells(*read), cells(batch));
    EXPECT_EQ(read->entered(), Time(Duration(77)));
    EXPECT_EQ(read->byte_size(), batch.byte_size());
  }
}

TEST(Frame, slices_taken_and_joined_batches_survive_the_trip) {
  const Batch batch = random_batch(all_types(), 100, 1);
  const std::uint32_t picked[] = {99, 3, 3, 50};
  const Batch joined[] = {batch.slice(5, 9), batch.slice(70, 3)};
  for (const Batch& sent : {batch.slice(3, 41), batch.slice(9, 80).slice(1, 7), batch.slice(100, 0),
                            batch.take(picked), concat(joined), concat(joined).slice(4, 7)}) {
    const Result<Batch> read = Frame(sent).read(all_types());
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(cells(*read), cells(sent));
  }
}

TEST(Frame, rows_without_columns_survive_the_trip) {
  const SchemaPtr schema = Schema::make({});
  const Result<Batch> read = Frame(Batch(schema, {}, 5)).read(schema);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->row_count(), 5u);
}

TEST(Frame, equal_rows_make_equal_bytes_wherever_they_lay) {
  const Batch batch = random_batch(all_types(), 40, 1);
  std::vector<std::uint32_t> picked(20);
  for (std::uint32_t at = 0; at < 20; ++at) picked[at] = at + 11;
  EXPECT_EQ(Frame(batch.slice(11, 20)).body, Frame(batch.take(picked)).body);
}

TEST(Frame, columns_view_the_body_and_keep_its_owner) {
  BatchBuilder rows(Schema::make({{"n", Type::int64}}));
  rows.add(7);
  const Frame frame(rows.finish());
  auto owner = std::make_shared<std::vector<std::byte>>(frame.body);
  const std::weak_ptr<std::vector<std::byte>> watch = owner;
  const auto* begin = owner->data();
  std::optional<Column> column;
  {
    const Result<Batch> batch = read_batch(frame.layout, rows.schema(), *owner, Memory::hold(owner));
    column = batch->column(0);
  }
  owner.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(column->parts().values, begin);
  EXPECT_EQ(column->int64(0), 7);
  column.reset();
  EXPECT_TRUE(watch.expired());
}

TEST(Frame, a_body_at_an_odd_address_is_copied) {
  const Batch batch = random_batch(all_types(), 30, 1);
  const Frame frame(batch);
  std::vector<std::byte> memory(frame.body.size() + 16);
  std::vector<std::string> read;
  for (std::size_t shift = 0; shift < 9; ++shift) {
    std::copy(frame.body.begin(), frame.body.end(), memory.begin() + static_cast<std::ptrdiff_t>(shift));
    const Result<Batch> shifted =
        read_batch(frame.layout, all_types(), std::span(memory).subspan(shift, frame.body.size()), {});
    ASSERT_TRUE(shifted) << shift;
    EXPECT_EQ(cells(*shifted), cells(batch)) << shift;
  }
}

TEST(Frame, padding_is_zero) {
  BatchBuilder rows(Schema::make({{"s", Type::string, true}}));
  rows.add("abc");
  rows.add(std::nullopt);
  const Frame frame(rows.finish());
  ASSERT_EQ(frame.body.size(), 192u);
  EXPECT_EQ(frame.body[0], std::byte{1});
  for (std::size_t at = 1; at < 64; ++at) EXPECT_EQ(frame.body[at], std::byte{}) << at;
  for (std::size_t at = 64 + 12; at < 128; ++at) EXPECT_EQ(frame.body[at], std::byte{}) << at;
  for (std::size_t at = 128 + 3; at < 192; ++at) EXPECT_EQ(frame.body[at], std::byte{}) << at;
}

// Four rows "aä", null, "", "xyz" in one nullable string column: bitmap at 0, offsets at 64, text at 128.
struct HostileFrame : ::testing::Test {
  SchemaPtr schema = Schema::make({{"s", Type::string, true}});
  Frame frame{[this] {
    BatchBuilder rows(schema);
    rows.add("aä");
    rows.add(std::nullopt);
    rows.add("");
    rows.add("xyz");
    return rows.finish();
  }()};
};

TEST_F(HostileFrame, every_lie_is_refused_by_name) {
  struct Case {
    const char* lie;
    std::function<void(Frame&)> tell;
    const char* reason;
  };
  const Case cases[] = {
      {"another schema", [](Frame& f) { f.layout.set_schema(1); }, "another schema"},
      {"too many rows", [](Frame& f) { f.layout.set_rows(Batch::kRowsMax + 1); }, "do not fit"},
      {"all the rows there are", [](Frame& f) { f.layout.set_rows(UINT32_MAX); }, "do not fit"},
      {"a row more", [](Frame& f) { f.layout.set_rows(5); }, "nulls"},
      {"more rows than the body has", [](Frame& f) { f.layout.set_rows(1'000'000); }, "beyond the frame"},
      {"no null counts", [](Frame& f) { f.layout.clear_nulls(); }, "do not fit"},
      {"a column more", [](Frame& f) { f.layout.add_nulls(0), f.layout.add_value_bytes(0); }, "do not fit"},
      {"no nulls", [](Frame& f) { f.layout.set_nulls(0, 0); }, "column `s`"},
      {"two nulls", [](Frame& f) { f.layout.set_nulls(0, 2); }, "wrong number of nulls"},
      {"more nulls than rows", [](Frame& f) { f.layout.set_nulls(0, 5); }, "5 nulls in 4 rows"},
      {"another bitmap", [](Frame& f) { f.body[0] = std::byte{0x0f}; }, "wrong number of nulls"},
      {"fewer values", [](Frame& f) { f.layout.set_value_bytes(0, 5); }, "offsets do not ascend"},
      {"more values", [](Frame& f) { f.layout.set_value_bytes(0, 7); }, "offsets do not ascend"},
      {"values beyond the body", [](Frame& f) { f.layout.set_value_bytes(0, 65); }, "beyond the frame"},
      {"4 GiB of values", [](Frame& f) { f.layout.set_value_bytes(0, UINT32_MAX); }, "bytes of values"},
      {"a first offset", [](Frame& f) { f.offset(16) = 1; }, "first offset"},
      {"a negative offset", [](Frame& f) { f.offset(17) = -1; }, "offsets do not ascend"},
      {"an offset beyond the end", [](Frame& f) { f.offset(18) = INT32_MAX; }, "offsets do not ascend"},
      {"a last offset beyond the end", [](Frame& f) { f.offset(20) = 7; }, "offsets do not ascend"},
      {"offsets that go back", [](Frame& f) { f.offset(18) = 2, f.offset(19) = 1; }, "offsets do not ascend"},
      {"no UTF-8", [](Frame& f) { f.body[128] = std::byte{0xff}; }, "not UTF-8"},
      {"half a character", [](Frame& f) { f.offset(17) = 2, f.offset(18) = 2, f.offset(19) = 2; },
       "not UTF-8"},
      {"a cut body", [](Frame& f) { f.body.resize(128); }, "beyond the frame"},
      {"no body", [](Frame& f) { f.body.clear(); }, "beyond the frame"},
      {"a longer body", [](Frame& f) { f.body.resize(256); }, "the frame has 256 bytes"},
  };
  for (const Case& lie : cases) {
    Frame told = frame;
    lie.tell(told);
    const Result<Batch> read = told.read(schema);
    ASSERT_FALSE(read) << lie.lie;
    EXPECT_EQ(read.error().code, Code::malformed_frame) << lie.lie;
    EXPECT_NE(read.error().message.find(lie.reason), std::string::npos)
        << lie.lie << ": " << read.error().message;
  }
  EXPECT_TRUE(frame.read(schema));
}

TEST(Frame, nulls_in_a_required_column_are_refused) {
  const SchemaPtr nullable = Schema::make({{"n", Type::int64, true}}),
                  required = Schema::make({{"n", Type::int64}});
  BatchBuilder rows(nullable);
  rows.add(std::nullopt);
  Frame frame(rows.finish());
  frame.layout.set_schema(required->fingerprint());
  EXPECT_FALSE(frame.read(required));
}

TEST(Frame, values_of_fixed_width_must_be_exactly_as_many_as_the_rows) {
  for (const Type type : {Type::boolean, Type::int64, Type::float64, Type::timestamp}) {
    const SchemaPtr schema = Schema::make({{"v", type}});
    Frame frame(random_batch(schema, 9, 1));
    ASSERT_TRUE(frame.read(schema));
    frame.layout.set_value_bytes(0, frame.layout.value_bytes(0) - 1);
    EXPECT_FALSE(frame.read(schema)) << to_text(type);
  }
}

TEST(Frame, half_a_float_is_refused) {
  const SchemaPtr schema = Schema::make({{"v", Type::float32_list}});
  BatchBuilder rows(schema);
  rows.add(std::span<const float>());
  Frame frame(rows.finish());
  frame.layout.set_value_bytes(0, 2);
  frame.body.resize(128);
  EXPECT_FALSE(frame.read(schema));
}

TEST(Frame, any_values_must_be_messagepack) {
  const SchemaPtr schema = Schema::make({{"v", Type::any, true}});
  for (const auto& [bytes, good] : {std::pair<std::string_view, bool>{"\x01", true},
                                    {"\xc1", false},
                                    {"", false},
                                    {"\x01\x01", false},
                                    {"\xdd\xff\xff\xff\xff", false}}) {
    BatchBuilder rows(schema);
    rows.add(bytes);
    rows.add(std::nullopt);
    EXPECT_EQ(Frame(rows.finish()).read(schema).has_value(), good) << ::testing::PrintToString(bytes);
  }
}

}  // namespace
}  // namespace leat
