#include "log/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

class LogReader final : public IngestLogReader {
 public:
  LogReader(LogFolder folder, const LogExtent& extent, std::uint64_t offset)
      : folder_(std::move(folder)), extent_(extent), offset_(offset) {}

  std::uint64_t offset() const override { return offset_; }

  Result<bool> next(IngestRecord& record) override {
    if (offset_ >= extent_.readable_end()) return false;
    if (!cursor_) LEAT_TRY(open());
    LEAT_TRY_ASSIGN(auto found, cursor_->next(record));
    if (found != SegmentCursor::Found::record) {
      LEAT_TRY(look_again());
      LEAT_TRY_ASSIGN(found, cursor_->next(record));
    }
    if (found != SegmentCursor::Found::record)
      return folder_.damage(base_, cursor_->position(), offset_, std::nullopt);
    ++offset_;
    return true;
  }

  /// Moves to `offset_`, which lies in this segment or a later one.
  Status open() {
    const auto base = extent_.segment_of(offset_);
    if (!base) return fail(Code::out_of_range, fmt::format("record {} was deleted", offset_), folder_.path);
    LEAT_TRY_ASSIGN(SegmentCursor cursor, folder_.open_segment(*base));
    base_ = *base;
    cursor_.emplace(std::move(cursor));
    for (IngestRecord skipped; cursor_->expected() < offset_;) {
      LEAT_TRY_ASSIGN(const auto found, cursor_->next(skipped));
      if (found != SegmentCursor::Found::record)
        return folder_.damage(base_, cursor_->position(), cursor_->expected(), std::nullopt);
    }
    return {};
  }

 private:
  // The record is there: in the next segment, or it was written after this part of the file was read.
  Status look_again() {
    if (extent_.segment_of(offset_) != base_) return open();
    cursor_->forget();
    return {};
  }

  LogFolder folder_;
  const LogExtent& extent_;
  std::uint64_t offset_;
  std::uint64_t base_ = 0;
  std::optional<SegmentCursor> cursor_;
};

}  // namespace

Result<std::unique_ptr<IngestLogReader>> make_log_reader(LogFolder folder, const LogExtent& extent,
                                                         std::uint64_t offset) {
  auto reader = std::make_unique<LogReader>(std::move(folder), extent, offset);
  LEAT_TRY(reader->open());
  return std::unique_ptr<IngestLogReader>(std::move(reader));
}

Result<std::uint64_t> find_time(const LogFolder& folder, std::span<const SegmentTime> segments,
                                std::uint64_t end, Time time) {
  // The last segment that was begun before that time has the record, or the next one begins with it.
  const auto later = std::ranges::find_if(segments, [&](const SegmentTime& one) { return one.made >= time; });
  if (later == segments.begin()) {
    if (segments.empty() || segments.front().base == 0) return 0;
    return fail(Code::out_of_range,
                fmt::format("records before {} were deleted; `oldest` is what there still is",
                            to_text(segments.front().made)),
                folder.path);
  }
  LEAT_TRY_ASSIGN(SegmentCursor cursor, folder.open_segment(std::prev(later)->base));
  const std::uint64_t segment_end = later == segments.end() ? end : later->base;
  for (IngestRecord record; cursor.expected() < segment_end;) {
    LEAT_TRY_ASSIGN(const auto found, cursor.next(record));
    if (found != SegmentCursor::Found::record)
      return folder.damage(std::prev(later)->base, cursor.position(), cursor.expected(), segment_end);
    if (record.time >= time) return record.offset;
  }
  return segment_end;
}

Result<std::uint64_t> find_offset(std::uint64_t oldest, std::uint64_t end, std::uint64_t offset) {
  if (offset >= oldest && offset <= end) return offset;
  return fail(Code::out_of_range,
              offset < oldest
                  ? fmt::format("record {} was deleted: the oldest is {}", offset, oldest)
                  : fmt::format("there is no record {} yet: the next one will be {}", offset, end));
}

}  // namespace leat
