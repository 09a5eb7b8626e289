#include <leat/ingest_log.hpp>

#include "fuzz/entries.hpp"
#include "log/inspect.hpp"
#include "log/records.hpp"
#include "support/memory_disk.hpp"

namespace leat::fuzz {
namespace {

constexpr const char* kSegment = "log/00000000000000000000.log";

IngestLogOptions options_on(LogDisk& disk) {
  IngestLogOptions options;
  options.folder = "log";
  options.disk = &disk;
  options.background = false;
  options.segment_bytes = 64 << 10;
  return options;
}

// Gives all that looks like a record its right checksum: without, no input would get beyond the first.
void repair(std::string& bytes) {
  std::size_t at = 0;
  while (bytes.size() - at >= kHeadBytes) {
    const RecordHead head = read_record_head(std::string_view(bytes).substr(at));
    if (head.length > bytes.size() - at - kHeadBytes) break;
    std::string record = bytes.substr(at, kHeadBytes + head.length);
    if (!is_zero(record))
      finish_records(record, head.offset - std::min<std::uint64_t>(head.behind, head.offset));
    bytes.replace(at, record.size(), record);
    at += record.size();
  }
}

std::vector<std::string> records_of(IngestLog& log) {
  std::vector<std::string> records;
  const auto reader = log.read_from(0);
  LEAT_ASSERT(reader);
  IngestRecord record;
  for (auto next = (*reader)->next(record); *next; next = (*reader)->next(record))
    records.emplace_back(record.bytes);
  return records;
}

}  // namespace

void try_log(std::string_view input) {
  if (input.empty()) return;
  std::string bytes(input.substr(1));
  if ((input[0] & 1) != 0) repair(bytes);
  testing::MemoryDisk disk;
  {
    const auto file = *disk.open(kSegment, LogDisk::Access::create);
    LEAT_ASSERT(write_all(*file, write_segment_head(0, Time()) + bytes, 0) && file->reserve(16 << 10) &&
                file->sync());
  }
  const auto view = LogView::open("log", disk);
  LEAT_ASSERT(view);
  auto log = IngestLog::open(options_on(disk));
  if (!log) {
    LEAT_ASSERT(log.error().code == Code::storage_failed && !log.error().place.empty());
    return;
  }
  LEAT_ASSERT((*view)->end() == (*log)->next_offset() &&
              (*view)->torn_bytes() == (*log)->recovery().cut_bytes);
  // It goes on from there, and the next start finds nothing to cut.
  std::vector<std::string> records = records_of(**log);
  LEAT_ASSERT(records.size() == (*log)->next_offset());
  const IngestLog::Entry entry{"next", 0};
  LEAT_ASSERT((*log)->append({&entry, 1}));
  (*log)->work();
  records.emplace_back("next");
  log->reset();
  log = IngestLog::open(options_on(disk));
  LEAT_ASSERT(log && (*log)->recovery().cut_bytes == 0);
  LEAT_ASSERT(records_of(**log) == records);
}

}  // namespace leat::fuzz
