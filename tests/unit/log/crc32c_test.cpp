#include "log/crc32c.hpp"

#include <gtest/gtest.h>

#include <random>

namespace leat {
namespace {

TEST(Crc32c, gives_the_published_values) {
  // From RFC 3720, appendix B.4, and the check value of the algorithm.
  EXPECT_EQ(crc32c(0, "123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(0, std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(0, std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c(0, ""), 0u);
}

TEST(Crc32c, is_the_same_with_and_without_the_instruction_however_the_bytes_are_cut) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::size_t cut = size == 0 ? 0 : random() % size;
    const std::string_view all = bytes;
    EXPECT_EQ(crc32c(crc32c(0, all.substr(0, cut)), all.substr(cut)), crc32c_portable(0, all));
  }
}

}  // namespace
}  // namespace leat
