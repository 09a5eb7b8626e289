#include "state/chunks.hpp"

#include <gtest/gtest.h>

#include <random>

namespace leat {
namespace {

std::string noise(std::size_t bytes, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}
std::size_t own_bytes(const ChunkedFile& file) {
  std::size_t bytes = 0;
  for (const std::string_view chunk : file.own) bytes += chunk.size();
  return bytes;
}
std::string whole(const ChunkedFile& file) {
  std::string bytes = file.head;
  for (const std::string_view chunk : file.own) bytes += chunk;
  return bytes;
}

TEST(Chunks, cover_everything_and_have_bounds) {
  for (const std::string& bytes :
       {noise(3'000'000, 1), std::string(1'000'000, 'a'), std::string("x"), std::string()}) {
    std::size_t begin = 0;
    for (const std::size_t end : cut_chunks(bytes)) {
      EXPECT_GT(end, begin);
      EXPECT_LE(end - begin, 256u << 10);
      if (end < bytes.size()) {
        EXPECT_GE(end - begin, 16u << 10);
      }
      begin = end;
    }
    EXPECT_EQ(begin, bytes.size());
  }
}

TEST(Chunks, a_changed_byte_or_an_inserted_one_costs_a_chunk_or_two) {
  const std::string before = noise(4'000'000, 2);
  const ChunkedFile first = make_chunked("snapshot-1", before, {});
  EXPECT_EQ(own_bytes(first), before.size());
  std::string changed = before, longer = before;
  changed[2'000'000] ^= 1;
  longer.insert(1'000'000, "more");
  EXPECT_LT(own_bytes(make_chunked("snapshot-2", changed, first.places)), 600'000u);
  EXPECT_LT(own_bytes(make_chunked("snapshot-2", longer, first.places)), 600'000u);
  EXPECT_EQ(own_bytes(make_chunked("snapshot-2", before, first.places)), 0u);
}

TEST(Chunks, a_head_says_where_each_chunk_lies) {
  const std::string before = noise(1'000'000, 3), after = noise(300'000, 4) + before;
  const ChunkedFile first = make_chunked("snapshot-1", before, {});
  const ChunkedFile second = make_chunked("snapshot-2", after, first.places);
  const std::map<std::string, std::string> files{{"snapshot-1", whole(first)}, {"snapshot-2", whole(second)}};
  const auto head = read_chunked_head("snapshot-2", files.at("snapshot-2"));
  ASSERT_TRUE(head);
  std::string bytes;
  for (const auto& [id, place] : head->chunks) {
    const std::string chunk = files.at(place.file).substr(place.offset, place.length);
    EXPECT_EQ(chunk_id(chunk), id);
    bytes += chunk;
  }
  EXPECT_TRUE(bytes == after);
}

TEST(Chunks, a_head_of_any_bytes_is_chunks_or_an_error) {
  const std::string good = whole(make_chunked("snapshot-1", noise(200'000, 5), {})).substr(0, 400);
  std::mt19937_64 random(6);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good.substr(0, random() % good.size());
    for (int change = 0; change < 3 && !bytes.empty(); ++change)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    [[maybe_unused]] const auto head = read_chunked_head("snapshot-1", bytes);
  }
}

}  // namespace
}  // namespace leat
