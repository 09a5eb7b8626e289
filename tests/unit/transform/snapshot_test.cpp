#include "transform/snapshot.hpp"

#include <cmath>

namespace leat {
namespace {

SchemaPtr every_type() {
  return Schema::make({{"b", Type::boolean, true},
                       {"i", Type::int64, true},
                       {"f", Type::float64, true},
                       {"s", Type::string, true},
                       {"y", Type::bytes, true},
                       {"t", Type::timestamp, true},
                       {"v", Type::float32_list, true},
                       {"a", Type::any, true}});
}

Batch sample_rows() {
  BatchBuilder rows(every_type());
  const float vector[] = {1.5f, -2};
  rows.add(true, INT64_MIN, -0.0, "text \xc3\xa9", std::string_view("\0\xff", 2), std::int64_t{-1},
           std::span<const float>(vector), std::string_view("\x93\x01\xc0\xa1x"));
  rows.add(std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
           std::nullopt);
  return rows.finish();
}

std::string snapshot() {
  SnapshotWriter out;
  out.put(-7);
  out.put_text("key");
  const Batch rows = sample_rows();
  out.put_count(rows.row_count());
  for (std::uint32_t row = 0; row < rows.row_count(); ++row) out.put_row(rows, row);
  return out.take();
}

Status read(std::string_view bytes, Batch& rows) {
  SnapshotReader in(bytes);
  BatchBuilder builder(every_type());
  EXPECT_EQ(in.get() == -7 && in.get_text() == "key", bytes.size() >= 19);
  const std::uint64_t count = in.get_count(8);
  for (std::uint64_t at = 0; at < count; ++at) in.get_row(builder);
  rows = builder.finish();
  return in.finish("part");
}

TEST(Snapshot, gives_back_values_of_every_type) {
  Batch rows;
  ASSERT_TRUE(read(snapshot(), rows));
  EXPECT_EQ(to_json_lines(rows), to_json_lines(sample_rows()));
  EXPECT_TRUE(std::signbit(rows.column(2).float64(0)));
}

TEST(Snapshot, notices_every_missing_byte_and_one_too_many) {
  const std::string whole = snapshot();
  Batch rows;
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read(std::string_view(whole).substr(0, size), rows)) << size;
  const Status more = read(whole + "x", rows);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().message, "the state's part `part` is damaged");
}

}  // namespace
}  // namespace leat
