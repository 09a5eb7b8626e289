#include "log/cursor.hpp"

#include <algorithm>
#include <cstring>

namespace leat {
namespace {

constexpr std::size_t kChunk = 256u << 10;
constexpr std::size_t kPadding = 64;  // as JSON parsers want it

}  // namespace

SegmentCursor::SegmentCursor(std::unique_ptr<LogFile> file, const SegmentHead& head, std::uint64_t file_bytes)
    : file_(std::move(file)),
      expected_(head.base),
      file_bytes_(file_bytes),
      made_(Duration(head.made)),
      buffer_(new char[kChunk + kPadding]),
      capacity_(kChunk) {}

Result<SegmentCursor> SegmentCursor::open(std::unique_ptr<LogFile> file, const SegmentHead& head) {
  LEAT_TRY_ASSIGN(const std::uint64_t bytes, file->size());
  return SegmentCursor(std::move(file), head, bytes);
}

// Makes so many bytes from `position_` on stand in the buffer; false if the file has fewer.
Result<bool> SegmentCursor::have(std::size_t bytes) {
  if (end_ - begin_ >= bytes) return true;
  if (bytes > file_bytes_ - std::min(position_, file_bytes_)) return false;
  if (bytes > capacity_) {
    const std::size_t capacity = std::max(bytes, 2 * capacity_);
    std::unique_ptr<char[]> larger(new char[capacity + kPadding]);
    std::memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  } else {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  }
  end_ -= begin_;
  begin_ = 0;
  LEAT_TRY_ASSIGN(const std::size_t more,
                  read_all(*file_, buffer_.get() + end_, capacity_ - end_, position_ + end_));
  end_ += more;
  return end_ >= bytes;
}

Result<SegmentCursor::Found> SegmentCursor::next(IngestRecord& record) {
  LEAT_TRY_ASSIGN(const bool head_there, have(kHeadBytes));
  if (!head_there) return Found::end;  // the last bytes of a segment may be too few for a record
  const std::string_view head_bytes(buffer_.get() + begin_, kHeadBytes);
  if (is_zero(head_bytes)) return Found::end;
  const RecordHead head = read_record_head(head_bytes);
  if (head.offset != expected_) return Found::damage;
  LEAT_TRY_ASSIGN(const bool bytes_there, have(kHeadBytes + head.length));
  if (!bytes_there) return Found::damage;
  const std::string_view bytes(buffer_.get() + begin_ + kHeadBytes, head.length);
  if (!is_intact(head, bytes)) return Found::damage;
  record = {head.offset, Time(Duration(head.time)), head.tag, bytes};
  begin_ += kHeadBytes + head.length;
  position_ += kHeadBytes + head.length;
  ++expected_;
  return Found::record;
}

Result<SegmentEnd> find_end(SegmentCursor cursor) {
  SegmentEnd end;
  IngestRecord record;
  for (;;) {
    LEAT_TRY_ASSIGN(const auto found, cursor.next(record));
    if (found != SegmentCursor::Found::record) {
      end.position = cursor.position();
      end.next_offset = cursor.expected();
      end.damaged = found == SegmentCursor::Found::damage;
      return end;
    }
    if (!end.first_time) end.first_time = record.time;
    end.last_time = record.time;
  }
}

// A good record may begin anywhere behind the damage. Its offset is known within narrow bounds, so few places
// need a checksum; hostile files that make it many are taken for damaged after a few times their size.
Result<Remains> look_at_remains(const LogFile& file, std::uint64_t position, std::uint64_t expected) {
  LEAT_TRY_ASSIGN(const std::uint64_t file_bytes, file.size());
  Remains remains{.used_end = position, .proof = {}};
  if (position >= file_bytes) return remains;
  std::string bytes(file_bytes - position, '\0');
  LEAT_TRY_ASSIGN(const std::size_t count, read_all(file, bytes.data(), bytes.size(), position));
  bytes.resize(count);
  const std::size_t used = bytes.find_last_not_of('\0') + 1;  // npos + 1 is 0
  remains.used_end = position + used;

  std::uint64_t budget = 4 * file_bytes;
  for (std::size_t at = 1; at + kHeadBytes <= used; ++at) {
    const RecordHead head = read_record_head(std::string_view(bytes).substr(at, kHeadBytes));
    const bool possible = head.offset > expected && head.offset - expected <= at / kHeadBytes + 1 &&
                          head.length <= bytes.size() - at - kHeadBytes && head.behind <= head.offset;
    if (!possible || head.offset - head.behind <= expected) continue;
    if (head.length > budget) {
      remains.proof = head.offset;
      break;
    }
    budget -= head.length;
    if (!is_intact(head, std::string_view(bytes).substr(at + kHeadBytes, head.length))) continue;
    remains.proof = head.offset;
    break;
  }
  return remains;
}

}  // namespace leat
