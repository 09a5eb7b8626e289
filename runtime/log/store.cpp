#include "log/store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {

Result<std::unique_ptr<LogStore>> LogStore::open(LogFolder folder, std::uint64_t segment_bytes, Time now) {
  LEAT_TRY(folder.disk->make_folder(folder.path));
  std::unique_ptr<LogStore> store(new LogStore(std::move(folder), segment_bytes));
  LEAT_TRY_ASSIGN(store->lock_, store->folder_.lock());
  LEAT_TRY(store->recover(now));
  return store;
}

Status LogStore::recover(Time now) {
  LEAT_TRY(folder_.disk->remove(folder_.file(kSpareName)));  // what was in it, nobody knows
  LEAT_TRY_ASSIGN(mark_, ReaderMark::open(folder_));
  LEAT_TRY_ASSIGN(const auto bases, folder_.bases());
  if (bases.empty() && mark_->offset() == 0) {
    LEAT_TRY(reserve_spare());
    return roll(now);
  }
  for (std::size_t at = 0; at + 1 < bases.size(); ++at) LEAT_TRY(check_segment(bases[at], bases[at + 1]));
  if (!bases.empty()) LEAT_TRY(recover_last(bases.back()));
  if (mark_->offset() > next_offset_)
    return fail(
        Code::storage_failed,
        fmt::format("the log ends at offset {}, but was read up to {}: files are missing. Put them back, or "
                    "delete the folder to start with an empty log",
                    next_offset_, mark_->offset()),
        folder_.path);
  return {};
}

// Segments whose records were all committed are only looked at when someone reads them.
Status LogStore::check_segment(std::uint64_t base, std::uint64_t next_base) {
  LEAT_TRY_ASSIGN(SegmentCursor cursor, folder_.open_segment(base));
  segments_.push_back({.base = base, .file_bytes = cursor.file_bytes(), .made = cursor.made()});
  if (next_base <= mark_->offset()) return {};
  LEAT_TRY_ASSIGN(const SegmentEnd end, find_end(std::move(cursor)));
  if (end.next_offset != next_base) return folder_.damage(base, end.position, end.next_offset, next_base);
  return {};
}

Status LogStore::recover_last(std::uint64_t base) {
  LEAT_TRY_ASSIGN(SegmentCursor cursor, folder_.open_segment(base));
  segments_.push_back({.base = base, .file_bytes = cursor.file_bytes(), .made = cursor.made()});
  LEAT_TRY_ASSIGN(file_, folder_.disk->open(folder_.segment(base), LogDisk::Access::write));
  LEAT_TRY_ASSIGN(const SegmentEnd end, find_end(std::move(cursor)));
  position_ = end.position;
  next_offset_ = end.next_offset;
  last_time_ = end.last_time.value_or(segments_.back().made);
  LEAT_TRY_ASSIGN(const Remains remains, look_at_remains(*file_, end.position, end.next_offset));
  if (remains.used_end == end.position) return {};
  if (remains.proof || mark_->offset() > end.next_offset)
    return folder_.damage(base, end.position, end.next_offset, remains.proof.value_or(mark_->offset()));
  return cut(end.position, remains.used_end);
}

// Zeros, so that no byte of the torn records is ever taken for part of those that will be written there.
Status LogStore::cut(std::uint64_t position, std::uint64_t used_end) {
  const std::string zeros(std::min<std::uint64_t>(used_end - position, 1 << 20), '\0');
  for (std::uint64_t at = position; at < used_end; at += zeros.size())
    LEAT_TRY(write_all(
        *file_, std::string_view(zeros).substr(0, std::min<std::uint64_t>(zeros.size(), used_end - at)), at));
  LEAT_TRY(file_->sync());
  recovery_ = {.cut_bytes = used_end - position,
               .cut_file = folder_.segment(segments_.back().base),
               .cut_at = position};
  return {};
}

std::uint64_t LogStore::bytes_on_disk() const {
  std::uint64_t bytes = spare_ ? segment_bytes_ : 0;
  for (const Segment& segment : segments_) bytes += segment.file_bytes;
  return bytes;
}

Status LogStore::write(std::string_view records, std::uint64_t next_offset, Time last_time) {
  LEAT_ASSERT(records.size() <= room());
  LEAT_TRY(write_all(*file_, records, position_));
  position_ += records.size();
  next_offset_ = next_offset;
  last_time_ = last_time;
  return {};
}

// Its head is durable before it gets its name, and its name before a record goes into it.
Status LogStore::roll(Time now) {
  LEAT_ASSERT(has_spare());
  now = std::max(now, last_time_);
  LEAT_TRY(write_all(*spare_, write_segment_head(next_offset_, now), 0));
  LEAT_TRY(spare_->sync());
  LEAT_TRY(folder_.disk->rename(folder_.file(kSpareName), folder_.segment(next_offset_)));
  LEAT_TRY(folder_.disk->sync_folder(folder_.path));
  file_ = std::move(spare_);
  position_ = kHeadBytes;
  segments_.push_back({.base = next_offset_, .file_bytes = segment_bytes_, .made = now});
  return {};
}

Status LogStore::reserve_spare() {
  const std::string name = folder_.file(kSpareName);
  LEAT_TRY_ASSIGN(auto file, folder_.disk->open(name, LogDisk::Access::create));
  if (Status reserved = file->reserve(segment_bytes_); !reserved) {
    file.reset();
    LEAT_TRY(folder_.disk->remove(name));  // gives back what was reserved of it
    return reserved;
  }
  spare_ = std::move(file);
  return {};
}

LogStore::Segment LogStore::take_oldest() {
  LEAT_ASSERT(may_remove_oldest());
  const Segment oldest = segments_.front();
  segments_.erase(segments_.begin());
  return oldest;
}

// One at a time, so that a crash leaves no hole between those that are left.
Status LogStore::remove(const Segment& segment) {
  LEAT_TRY(folder_.disk->remove(folder_.segment(segment.base)));
  return folder_.disk->sync_folder(folder_.path);
}

}  // namespace leat
