#include "batch/layout.hpp"

#include <gtest/gtest.h>

#include <random>

namespace leat {
namespace {

TEST(Bits, counting_and_copying_agree_with_single_bits_at_every_offset) {
  std::mt19937_64 random(1);
  std::vector<std::uint8_t> from(40), to(40);
  for (std::uint8_t& byte : from) byte = static_cast<std::uint8_t>(random());
  for (std::size_t first = 0; first < 20; ++first)
    for (const std::size_t count : {0, 1, 7, 8, 9, 63, 64, 65, 130, 200})
      for (const std::size_t target : {std::size_t{0}, std::size_t{3}, std::size_t{8}}) {
        std::fill(to.begin(), to.end(), std::uint8_t{0xaa});
        copy_bits(to.data(), target, from.data(), first, count);
        std::uint32_t ones = 0;
        for (std::size_t at = 0; at < count; ++at) {
          ones += get_bit(from.data(), first + at) ? 1 : 0;
          ASSERT_EQ(get_bit(to.data(), target + at), get_bit(from.data(), first + at)) << first << " " << at;
        }
        ASSERT_EQ(count_bits(from.data(), first, count), ones);
        ASSERT_EQ(get_bit(to.data(), target + count), ((0xaa >> ((target + count) & 7)) & 1) != 0)
            << "the bit behind was touched";
      }
}

TEST(Layout, buffers_begin_at_whole_cache_lines_in_wire_order) {
  const ColumnLayout text = column_layout(64, Type::string, 3, true, 10);
  EXPECT_EQ(text.validity, 64u);
  EXPECT_EQ(text.offsets, 128u);
  EXPECT_EQ(text.values, 192u);
  EXPECT_EQ(text.end, 256u);
  const ColumnLayout number = column_layout(0, Type::int64, 9, false, 72);
  EXPECT_EQ(number.values, 0u);
  EXPECT_EQ(number.end, 128u);
}

TEST(Layout, batches_of_few_rows_are_packed_in_memory_only) {
  const ColumnLayout packed = memory_layout(8, Type::string, 1, true, 84);
  EXPECT_EQ(packed.validity, 8u);
  EXPECT_EQ(packed.offsets, 16u);
  EXPECT_EQ(packed.values, 24u);
  EXPECT_EQ(packed.end, 112u);
  const ColumnLayout wide = memory_layout(64, Type::string, kPackedRowsMax + 1, true, 84);
  EXPECT_EQ(wide.end, column_layout(64, Type::string, kPackedRowsMax + 1, true, 84).end);
}

TEST(Layout, bodies_are_aligned_whatever_their_size) {
  for (const std::size_t size : {0, 1, 63, 64, 65, 4096, 100'000})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Memory::allocate(size).data()) % Memory::kAlignment, 0u)
        << size;
}

}  // namespace
}  // namespace leat
