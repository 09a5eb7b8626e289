#include "log/reader_mark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "log/crc32c.hpp"

namespace leat {
namespace {

constexpr std::string_view kName = "reader";
constexpr std::size_t kSlotBytes = 512;  // a sector: what a disk writes as a whole
constexpr unsigned kSlots = 2;

struct Mark {
  std::uint64_t offset = 0;
  std::uint32_t crc = 0;
  std::uint32_t used = 1;
};
static_assert(sizeof(Mark) == 16);

std::uint32_t checksum(const Mark& mark) {
  return crc32c(0, {reinterpret_cast<const char*>(&mark.offset), sizeof mark.offset});
}

struct Marks {
  std::optional<std::uint64_t> offset[kSlots];
  bool blank = true;
};

Result<Marks> read_marks(const LogFile& file) {
  char bytes[kSlots * kSlotBytes] = {};
  LEAT_TRY_ASSIGN(const std::size_t count, read_all(file, bytes, sizeof bytes, 0));
  Marks marks;
  marks.blank = is_zero({bytes, count});
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    Mark mark;
    std::memcpy(&mark, bytes + slot * kSlotBytes, sizeof mark);
    if (mark.used == 1 && mark.crc == checksum(mark)) marks.offset[slot] = mark.offset;
  }
  return marks;
}

Result<std::uint64_t> best_of(const Marks& marks, const LogFolder& folder) {
  if (marks.offset[0] || marks.offset[1])
    return std::max(marks.offset[0].value_or(0), marks.offset[1].value_or(0));
  if (marks.blank) return 0;
  return fail(
      Code::storage_failed,
      fmt::format("damaged: how far the log was read is not known. Delete the file; then `leat log trim {} "
                  "--before OFFSET --force` says it anew",
                  folder.path),
      folder.file(kName));
}

Result<bool> is_there(const LogFolder& folder) {
  LEAT_TRY_ASSIGN(const auto names, folder.disk->list(folder.path));
  return std::ranges::find(names, kName) != names.end();
}

}  // namespace

Result<std::uint64_t> ReaderMark::read(const LogFolder& folder) {
  LEAT_TRY_ASSIGN(const bool there, is_there(folder));
  if (!there) return 0;
  LEAT_TRY_ASSIGN(const auto file, folder.disk->open(folder.file(kName), LogDisk::Access::read));
  LEAT_TRY_ASSIGN(const Marks marks, read_marks(*file));
  return best_of(marks, folder);
}

Result<std::unique_ptr<ReaderMark>> ReaderMark::open(const LogFolder& folder) {
  auto mark = std::make_unique<ReaderMark>();
  LEAT_TRY_ASSIGN(const bool there, is_there(folder));
  LEAT_TRY_ASSIGN(mark->file_, folder.disk->open(folder.file(kName),
                                                 there ? LogDisk::Access::write : LogDisk::Access::create));
  LEAT_TRY_ASSIGN(const Marks marks, read_marks(*mark->file_));
  LEAT_TRY_ASSIGN(mark->offset_, best_of(marks, folder));
  // The slot that does not hold the best one is written next.
  mark->next_slot_ = marks.offset[0] == mark->offset_ ? 1 : 0;
  if (marks.blank) {
    LEAT_TRY(write_all(*mark->file_, std::string(kSlots * kSlotBytes, '\0'), 0));
    LEAT_TRY(mark->file_->sync());
    LEAT_TRY(folder.disk->sync_folder(folder.path));
  }
  return mark;
}

Status ReaderMark::keep(std::uint64_t offset) {
  Mark mark{.offset = offset};
  mark.crc = checksum(mark);
  LEAT_TRY(write_all(*file_, {reinterpret_cast<const char*>(&mark), sizeof mark}, next_slot_ * kSlotBytes));
  LEAT_TRY(file_->sync());
  next_slot_ = (next_slot_ + 1) % kSlots;
  offset_ = offset;
  return {};
}

}  // namespace leat
