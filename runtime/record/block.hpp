#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/hash.hpp"

namespace leat {

// What writer and reader of recordings agree on besides recording.hpp.

static_assert(std::endian::native == std::endian::little, "recordings are written as numbers lie in memory");

inline constexpr std::string_view kRecordingMagic = "leat-rec";
inline constexpr std::uint32_t kRecordingVersion = 1;
inline constexpr std::uint32_t kBlockBytesMax = 256u << 20;

enum class BlockKind : std::uint32_t { header = 1, message = 2, lost = 3 };

struct BlockHead {
  std::uint32_t bytes = 0;
  BlockKind kind = BlockKind::message;
  std::uint64_t checksum = 0;
  std::int64_t time = 0;
};
static_assert(sizeof(BlockHead) == 24);

inline std::uint64_t block_checksum(const BlockHead& head, std::string_view bytes) {
  Hasher hasher;
  hasher.add(static_cast<std::uint64_t>(head.kind));
  hasher.add(static_cast<std::uint64_t>(head.time));
  hasher.add(bytes);
  return hasher.value();
}

}  // namespace leat
