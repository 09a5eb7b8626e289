#include <fmt/format.h>

#include <algorithm>

#include "log/inspect.hpp"
#include "log/reader_mark.hpp"

namespace leat {
namespace {

// The good records of a segment from an offset on, as they stand there, behind what is damaged.
Result<std::string> salvage(const LogFolder& folder, std::uint64_t base, std::uint64_t offset) {
  LEAT_TRY_ASSIGN(const auto file, folder.disk->open(folder.segment(base), LogDisk::Access::read));
  LEAT_TRY_ASSIGN(const std::uint64_t size, file->size());
  std::string bytes(size, '\0');
  LEAT_TRY_ASSIGN(const std::size_t count, read_all(*file, bytes.data(), bytes.size(), 0));
  bytes.resize(count);
  for (std::size_t begin = kHeadBytes; begin + kHeadBytes <= bytes.size(); ++begin) {
    std::size_t at = begin;
    for (std::uint64_t expected = offset; at + kHeadBytes <= bytes.size(); ++expected) {
      const RecordHead head = read_record_head(std::string_view(bytes).substr(at));
      if (head.offset != expected || head.length > bytes.size() - at - kHeadBytes ||
          !is_intact(head, std::string_view(bytes).substr(at + kHeadBytes, head.length)))
        break;
      at += kHeadBytes + head.length;
    }
    if (at > begin) return bytes.substr(begin, at - begin);
  }
  return std::string();
}

// A new segment with these records in place of a damaged one.
Status replace_segment(const LogFolder& folder, std::uint64_t base, std::uint64_t offset, Time made) {
  LEAT_TRY_ASSIGN(const std::string records, salvage(folder, base, offset));
  const std::string name = folder.file(kSpareName);
  LEAT_TRY_ASSIGN(const auto file, folder.disk->open(name, LogDisk::Access::create));
  LEAT_TRY_ASSIGN(const auto old, folder.disk->open(folder.segment(base), LogDisk::Access::read));
  LEAT_TRY_ASSIGN(const std::uint64_t size, old->size());
  LEAT_TRY(file->reserve(size));
  LEAT_TRY(write_all(*file, write_segment_head(offset, made) + records, 0));
  LEAT_TRY(file->sync());
  LEAT_TRY(folder.disk->rename(name, folder.segment(offset)));
  if (offset != base) LEAT_TRY(folder.disk->remove(folder.segment(base)));
  return folder.disk->sync_folder(folder.path);
}

// out_of_range when the log, undamaged, ends before that record.
Result<bool> is_damaged_before(const LogFolder& folder, std::uint64_t base, std::uint64_t offset) {
  LEAT_TRY_ASSIGN(SegmentCursor cursor, folder.open_segment(base));
  IngestRecord record;
  while (cursor.expected() < offset) {
    LEAT_TRY_ASSIGN(const auto found, cursor.next(record));
    if (found == SegmentCursor::Found::record) continue;
    LEAT_TRY_ASSIGN(const Remains remains,
                    look_at_remains(cursor.file(), cursor.position(), cursor.expected()));
    if (remains.used_end == cursor.position()) LEAT_TRY(find_offset(base, cursor.expected(), offset));
    return true;
  }
  return false;
}

Result<LogTrim> trim_before(const LogFolder& folder, std::uint64_t offset, ReaderMark& mark) {
  LEAT_TRY_ASSIGN(auto bases, folder.bases());
  const auto later = std::ranges::upper_bound(bases, offset);
  const std::uint64_t last = later == bases.begin() ? bases.front() : *std::prev(later);
  LEAT_TRY_ASSIGN(const bool damaged, is_damaged_before(folder, last, offset));
  // First the reader, so that a crash in between leaves what every start accepts.
  if (offset > mark.offset()) LEAT_TRY(mark.keep(offset));
  LogTrim done;
  while (bases.front() < last) {
    LEAT_TRY_ASSIGN(const auto file, folder.disk->open(folder.segment(bases[0]), LogDisk::Access::read));
    LEAT_TRY_ASSIGN(const std::uint64_t bytes, file->size());
    LEAT_TRY(folder.disk->remove(folder.segment(bases[0])));
    LEAT_TRY(folder.disk->sync_folder(folder.path));
    ++done.segments;
    done.bytes += bytes;
    bases.erase(bases.begin());
  }
  done.oldest = bases.front();
  if (!damaged) return done;
  LEAT_TRY_ASSIGN(const SegmentCursor cursor, folder.open_segment(bases.front()));
  LEAT_TRY(replace_segment(folder, bases.front(), offset, cursor.made()));
  done.oldest = offset;
  return done;
}

}  // namespace

Result<LogTrim> trim_log(const std::string& path, const LogPosition& before, bool force, LogDisk& disk) {
  const LogFolder folder{&disk, path};
  std::uint64_t offset = before.offset;
  if (before.kind != LogPosition::Kind::offset) {
    LEAT_TRY_ASSIGN(const auto view, LogView::open(path, disk));
    LEAT_TRY_ASSIGN(offset, view->find(before));
  } else if (!is_log(path, disk)) {
    return fail(Code::input_missing, "there is no log", path);
  }
  LEAT_TRY_ASSIGN(const auto lock, folder.lock());
  LEAT_TRY_ASSIGN(const auto mark, ReaderMark::open(folder));
  if (offset > mark->offset() && !force)
    return fail(
        Code::limit_reached,
        fmt::format("the reader has committed records up to {} only; --force gives up {} that it has not",
                    mark->offset(), offset - mark->offset()),
        path);
  return trim_before(folder, offset, *mark);
}

}  // namespace leat
