#include "transform/snapshot.hpp"

#include <fmt/format.h>

#include <leat/codec.hpp>

namespace leat {

void SnapshotWriter::put(std::int64_t value) {
  for (int shift = 0; shift < 64; shift += 8)
    bytes_ += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xff);
}

void SnapshotWriter::put_text(std::string_view text) {
  put_count(text.size());
  bytes_ += text;
}

void SnapshotWriter::put_row(const Batch& batch, std::uint32_t row) {
  const std::size_t at = bytes_.size();
  put(0);
  write_msgpack(batch, row, bytes_);
  const std::uint64_t size = bytes_.size() - at - 8;
  for (int byte = 0; byte < 8; ++byte)
    bytes_[at + static_cast<std::size_t>(byte)] = static_cast<char>(size >> (8 * byte) & 0xff);
}

std::int64_t SnapshotReader::get() {
  if (left_.size() < 8) {
    fail_here();
    return 0;
  }
  std::uint64_t value = 0;
  for (int byte = 7; byte >= 0; --byte)
    value = value << 8 | static_cast<unsigned char>(left_[static_cast<std::size_t>(byte)]);
  left_.remove_prefix(8);
  return static_cast<std::int64_t>(value);
}

std::uint64_t SnapshotReader::get_count(std::size_t bytes_each) {
  const auto count = static_cast<std::uint64_t>(get());
  if (count <= left_.size() / bytes_each) return count;
  fail_here();
  return 0;
}

std::string_view SnapshotReader::get_text() {
  const std::uint64_t size = get_count(1);
  const std::string_view text = left_.substr(0, size);
  left_.remove_prefix(size);
  return text;
}

void SnapshotReader::get_row(BatchBuilder& rows) {
  const std::string_view row = get_text();
  if (good_ && !read_msgpack(row, rows)) fail_here();
}

Status SnapshotReader::finish(std::string_view part) const {
  if (good_ && left_.empty()) return {};
  return fail(Code::malformed_record, fmt::format("the state's part `{}` is damaged", part));
}

void SnapshotReader::fail_here() {
  good_ = false;
  left_ = {};
}

}  // namespace leat
