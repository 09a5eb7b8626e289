#include "log/inspect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "log/reader_mark.hpp"

namespace leat {
namespace {

class View final : public LogView, private LogExtent {
 public:
  explicit View(LogFolder folder) : folder_(std::move(folder)) {}

  Status look() {
    LEAT_TRY_ASSIGN(const auto bases, folder_.bases());
    if (bases.empty())
      return fail(Code::input_missing,
                  "there is no log; name a folder with segments (*.log), or one above such "
                  "folders",
                  folder_.path);
    LEAT_TRY_ASSIGN(committed_, ReaderMark::read(folder_));
    for (const std::uint64_t base : bases) {
      LEAT_TRY_ASSIGN(SegmentCursor cursor, folder_.open_segment(base));
      segments_.push_back({base, base, cursor.file_bytes(), cursor.made()});
      if (segments_.size() > 1) segments_[segments_.size() - 2].end = base;
    }
    return look_at_ends();
  }

  const std::vector<Segment>& segments() const override { return segments_; }
  std::uint64_t oldest() const override { return segments_.front().base; }
  std::uint64_t end() const override { return segments_.back().end; }
  std::uint64_t bytes_on_disk() const override {
    std::uint64_t bytes = 0;
    for (const Segment& segment : segments_) bytes += segment.file_bytes;
    return bytes;
  }
  std::uint64_t reader_committed() const override { return committed_; }
  std::optional<Time> first_time() const override { return first_time_; }
  std::optional<Time> last_time() const override { return last_time_; }
  std::uint64_t torn_bytes() const override { return torn_bytes_; }

  Result<std::uint64_t> find(const LogPosition& position) const override {
    switch (position.kind) {
      case LogPosition::Kind::oldest:
        return oldest();
      case LogPosition::Kind::latest:
        return end();
      case LogPosition::Kind::offset:
        return find_offset(oldest(), end(), position.offset);
      case LogPosition::Kind::time:
        break;
    }
    std::vector<SegmentTime> times;
    for (const Segment& segment : segments_) times.push_back({segment.base, segment.made});
    return find_time(folder_, times, end(), position.time);
  }

  Result<std::unique_ptr<IngestLogReader>> read_from(std::uint64_t offset) const override {
    LEAT_TRY(find_offset(oldest(), end(), offset));
    return make_log_reader(folder_, *this, offset);
  }

 private:
  std::uint64_t readable_end() const override { return end(); }
  std::optional<std::uint64_t> segment_of(std::uint64_t offset) const override {
    const auto later = std::ranges::upper_bound(segments_, offset, {}, &Segment::base);
    return later == segments_.begin() ? std::nullopt : std::optional(std::prev(later)->base);
  }

  // The last segment is walked through: only so is it known where it ends.
  Status look_at_ends() {
    LEAT_TRY_ASSIGN(SegmentCursor last, folder_.open_segment(segments_.back().base));
    LEAT_TRY_ASSIGN(const SegmentEnd ends, find_end(std::move(last)));
    segments_.back().end = ends.next_offset;
    first_time_ = ends.first_time;
    last_time_ = ends.last_time;
    LEAT_TRY_ASSIGN(const auto file,
                    folder_.disk->open(folder_.segment(segments_.back().base), LogDisk::Access::read));
    LEAT_TRY_ASSIGN(const Remains remains, look_at_remains(*file, ends.position, ends.next_offset));
    torn_bytes_ = remains.used_end - ends.position;
    if (segments_.size() == 1) return {};
    if (!last_time_) last_time_ = segments_.back().made;
    LEAT_TRY_ASSIGN(SegmentCursor first, folder_.open_segment(segments_.front().base));
    IngestRecord record;
    LEAT_TRY_ASSIGN(const auto found, first.next(record));
    first_time_ = found == SegmentCursor::Found::record ? record.time : first.made();
    return {};
  }

  LogFolder folder_;
  std::vector<Segment> segments_;
  std::uint64_t committed_ = 0;
  std::optional<Time> first_time_;
  std::optional<Time> last_time_;
  std::uint64_t torn_bytes_ = 0;
};

class Follower final : public IngestLogReader {
 public:
  Follower(LogFolder folder, std::uint64_t offset) : folder_(std::move(folder)), offset_(offset) {}

  std::uint64_t offset() const override { return offset_; }
  Result<bool> next(IngestRecord& record) override {
    if (!cursor_) LEAT_TRY(open());
    for (;;) {
      LEAT_TRY_ASSIGN(const auto found, cursor_->next(record));
      if (found != SegmentCursor::Found::record) {
        cursor_->forget();
        LEAT_TRY_ASSIGN(const bool more, go_on());
        if (!more) return false;
        continue;
      }
      if (record.offset < offset_) continue;
      ++offset_;
      return true;
    }
  }

 private:
  Status open() {
    LEAT_TRY_ASSIGN(const auto bases, folder_.bases());
    const auto later = std::ranges::upper_bound(bases, offset_);
    if (later == bases.begin())
      return fail(Code::out_of_range, fmt::format("record {} was deleted", offset_), folder_.path);
    LEAT_TRY_ASSIGN(SegmentCursor cursor, folder_.open_segment(*std::prev(later)));
    cursor_.emplace(std::move(cursor));
    return {};
  }
  // Whether the next segment has been begun.
  Result<bool> go_on() {
    LEAT_TRY_ASSIGN(const auto bases, folder_.bases());
    if (!std::ranges::binary_search(bases, cursor_->expected()) || cursor_->position() == kHeadBytes)
      return false;
    LEAT_TRY_ASSIGN(SegmentCursor cursor, folder_.open_segment(cursor_->expected()));
    cursor_.emplace(std::move(cursor));
    return true;
  }

  LogFolder folder_;
  std::uint64_t offset_;
  std::optional<SegmentCursor> cursor_;
};

}  // namespace

Result<std::unique_ptr<IngestLogReader>> follow_log(const std::string& folder, std::uint64_t offset,
                                                    LogDisk& disk) {
  return std::make_unique<Follower>(LogFolder{&disk, folder}, offset);
}

Result<std::unique_ptr<LogView>> LogView::open(const std::string& folder, LogDisk& disk) {
  auto view = std::make_unique<View>(LogFolder{&disk, folder});
  LEAT_TRY(view->look());
  return std::unique_ptr<LogView>(std::move(view));
}

bool is_log(const std::string& folder, LogDisk& disk) {
  const auto bases = LogFolder{&disk, folder}.bases();
  return bases && !bases->empty();
}

}  // namespace leat
