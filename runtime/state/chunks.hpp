#pragma once

#include <leat/result.hpp>
#include <map>
#include <span>
#include <vector>

namespace leat {

/// A piece of a snapshot, told by its content: XXH3, 128 bits.
struct ChunkId {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const ChunkId&) const = default;
};

/// Where a chunk lies: a file of the folder, and where in it.
struct ChunkPlace {
  std::string file;
  std::uint64_t offset = 0;
  std::uint32_t length = 0;
};
using ChunkPlaces = std::map<ChunkId, ChunkPlace>;

/// Ends of the chunks that bytes are cut into where their content says so, so that what was inserted or
/// removed changes its neighbourhood only: 64 KiB on average, 16 to 256 KiB (Xia et al., "FastCDC", USENIX
/// ATC 2016).
std::vector<std::size_t> cut_chunks(std::string_view bytes);

/// A snapshot as a file that holds only what no file before it holds:
///
///   "leat-inc" | u32 version (1) | u32 head bytes | head | chunks that are new, back to back
///   head: u32 files, each u32 length and name | u32 chunks, each u64 high, u64 low, u32 length, u32 file,
///   u64 offset
///
/// File 0 is the file itself, and its offsets count from the end of the head. Integers are little endian.
struct ChunkedFile {
  std::string head;                   ///< up to the first chunk
  std::vector<std::string_view> own;  ///< chunks that follow, parts of the bytes given
  ChunkPlaces places;                 ///< of all of its chunks
};
ChunkedFile make_chunked(const std::string& name, std::string_view bytes, const ChunkPlaces& known);

/// The head of such a file. Total: any bytes give the chunks in order, or an error. Offsets are the file's.
struct ChunkedHead {
  std::vector<std::pair<ChunkId, ChunkPlace>> chunks;
};
Result<ChunkedHead> read_chunked_head(const std::string& name, std::string_view file);
bool is_chunked(std::string_view file);
ChunkId chunk_id(std::string_view bytes);

}  // namespace leat
