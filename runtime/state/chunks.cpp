#include "state/chunks.hpp"

#include <array>

#include "base/hash.hpp"

namespace leat {
namespace {

constexpr std::string_view kMagic = "leat-inc";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kPrefix = kMagic.size() + 8;
constexpr std::size_t kChunkMin = 16u << 10, kChunkMax = 256u << 10;
constexpr std::uint64_t kMask = 0xffff'0000'0000'0000u;  // 16 bits: 64 KiB on average
constexpr std::size_t kChunkEntry = 8 + 8 + 4 + 4 + 8;

// One random number per byte value (SplitMix64).
constexpr std::array<std::uint64_t, 256> kGear = [] {
  std::array<std::uint64_t, 256> gear{};
  std::uint64_t state = 0x6c656174;
  for (std::uint64_t& value : gear) {
    state += 0x9e3779b97f4a7c15u;
    value = state;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    value ^= value >> 31;
  }
  return gear;
}();

template <class Int>
void put(std::string& to, Int value) {
  for (std::size_t at = 0; at < sizeof value; ++at) to.push_back(static_cast<char>(value >> (8 * at)));
}

class Reader {
 public:
  explicit Reader(std::string_view left) : left_(left) {}
  template <class Int>
  Int get() {
    Int value = 0;
    if (left_.size() < sizeof value) {
      good_ = false;
      return 0;
    }
    for (std::size_t at = sizeof value; at-- > 0;)
      value = static_cast<Int>(value << 8 | static_cast<std::uint8_t>(left_[at]));
    left_.remove_prefix(sizeof value);
    return value;
  }
  std::string text(std::size_t size) {
    if (size > left_.size()) good_ = false;
    std::string taken(left_.substr(0, good_ ? size : 0));
    left_.remove_prefix(taken.size());
    return taken;
  }
  bool good() const { return good_; }
  std::size_t left() const { return left_.size(); }

 private:
  std::string_view left_;
  bool good_ = true;
};

Failure damaged() {
  return fail(Code::corrupt_state, "its head can't be read");
}

}  // namespace

bool is_chunked(std::string_view file) {
  return file.starts_with(kMagic);
}

ChunkId chunk_id(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::vector<std::size_t> cut_chunks(std::string_view bytes) {
  std::vector<std::size_t> ends;
  for (std::size_t begin = 0; begin < bytes.size();) {
    const std::size_t most = std::min(bytes.size(), begin + kChunkMax);
    std::size_t at = std::min(most, begin + kChunkMin);
    for (std::uint64_t hash = 0; at < most; ++at) {
      hash = (hash << 1) + kGear[static_cast<std::uint8_t>(bytes[at])];
      if ((hash & kMask) == 0) break;
    }
    ends.push_back(begin = at);
  }
  return ends;
}

ChunkedFile make_chunked(const std::string& name, std::string_view bytes, const ChunkPlaces& known) {
  ChunkedFile file;
  std::vector<std::string> names{name};
  std::string table;
  std::uint64_t written = 0;
  std::uint32_t count = 0;
  std::size_t begin = 0;
  for (const std::size_t end : cut_chunks(bytes)) {
    const std::string_view chunk = bytes.substr(begin, end - begin);
    const ChunkId id = chunk_id(chunk);
    begin = end;
    const auto there = known.find(id);
    auto [place, fresh] = file.places.try_emplace(id);
    if (fresh && there != known.end()) {
      place->second = there->second;
    } else if (fresh) {
      place->second = {name, written, static_cast<std::uint32_t>(chunk.size())};
      written += chunk.size();
      file.own.push_back(chunk);
    }
    std::uint32_t number = 0;
    while (number < names.size() && names[number] != place->second.file) ++number;
    if (number == names.size()) names.push_back(place->second.file);
    put(table, id.high);
    put(table, id.low);
    put(table, place->second.length);
    put(table, number);
    put(table, place->second.offset);
    ++count;
  }
  std::string head;
  put(head, static_cast<std::uint32_t>(names.size()));
  for (const std::string& other : names) {
    put(head, static_cast<std::uint32_t>(other.size()));
    head += other;
  }
  put(head, count);
  head += table;
  file.head = kMagic;
  put(file.head, kVersion);
  put(file.head, static_cast<std::uint32_t>(head.size()));
  file.head += head;
  for (auto& [id, place] : file.places)
    if (place.file == name) place.offset += file.head.size();
  return file;
}

Result<ChunkedHead> read_chunked_head(const std::string& name, std::string_view file) {
  if (!file.starts_with(kMagic)) return damaged();
  Reader prefix(file.substr(kMagic.size()));
  if (prefix.get<std::uint32_t>() != kVersion) return damaged();
  const auto size = prefix.get<std::uint32_t>();
  if (!prefix.good() || size > prefix.left()) return damaged();
  Reader head(file.substr(kPrefix, size));
  std::vector<std::string> names;
  const auto files = head.get<std::uint32_t>();
  if (files > head.left() / 4) return damaged();
  for (std::uint32_t at = 0; at < files; ++at) {
    names.push_back(head.text(head.get<std::uint32_t>()));
    if (names.back().find('/') != std::string::npos) return damaged();  // a file of this folder
  }
  const auto chunks = head.get<std::uint32_t>();
  if (!head.good() || chunks > head.left() / kChunkEntry) return damaged();
  ChunkedHead read;
  for (std::uint32_t at = 0; at < chunks; ++at) {
    ChunkId id;
    id.high = head.get<std::uint64_t>();
    id.low = head.get<std::uint64_t>();
    ChunkPlace place;
    place.length = head.get<std::uint32_t>();
    const auto number = head.get<std::uint32_t>();
    place.offset = head.get<std::uint64_t>();
    if (number >= names.size() || place.length > kChunkMax) return damaged();
    place.file = number == 0 ? name : names[number];
    if (number == 0) place.offset += kPrefix + size;
    read.chunks.emplace_back(id, std::move(place));
  }
  if (!head.good() || head.left() > 0) return damaged();
  return read;
}

}  // namespace leat
