#include <leat/codec.hpp>

#include "fuzz/entries.hpp"
#include "record/block.hpp"
#include "record/recording.hpp"
#include "support/temp_folder.hpp"

namespace leat::fuzz {
namespace {

constexpr std::size_t kHeadBytes = kRecordingMagic.size() + sizeof kRecordingVersion;

// Gives all that looks like a block its right checksum: without, no input would get beyond the first.
void repair(std::string& bytes) {
  BlockHead head;
  for (std::size_t at = kHeadBytes; at <= bytes.size() && bytes.size() - at >= sizeof head;) {
    std::memcpy(&head, bytes.data() + at, sizeof head);
    const std::size_t left = bytes.size() - at - sizeof head;
    if (head.bytes > left) break;
    head.checksum = block_checksum(head, std::string_view(bytes).substr(at + sizeof head, head.bytes));
    std::memcpy(bytes.data() + at, &head, sizeof head);
    at += sizeof head + head.bytes;
  }
}

// Each entry as a text; they may be read until the file ends or breaks.
std::vector<std::string> entries_of(RecordingReader& reader) {
  std::vector<std::string> entries;
  while (const std::optional<RecordedEntry> entry = reader.next()) {
    const auto& ports = reader.header().ports;
    LEAT_ASSERT(entry->port < ports.size() && entry->instance < ports[entry->port].instances);
    std::string text =
        fmt::format("{} {} {} {} {}", entry->port, entry->instance, entry->time.time_since_epoch().count(),
                    entry->watermark.time_since_epoch().count(), entry->end);
    for (std::uint32_t row = 0; row < entry->rows.row_count(); ++row) text += to_msgpack(entry->rows, row);
    entries.push_back(std::move(text));
  }
  LEAT_ASSERT(!reader.next());
  return entries;
}

}  // namespace

void try_recording(std::string_view input) {
  if (input.empty()) return;
  std::string bytes(input.substr(1));
  if ((input[0] & 1) != 0) repair(bytes);
  static const testing::TempFolder folder;
  const std::string path = folder.write("any.rec", bytes);
  const auto first = RecordingReader::open(path);
  if (!first) {
    LEAT_ASSERT(first.error().code == Code::malformed_frame && first.error().place == path);
    return;
  }
  // Whatever is read can be recorded again, and is then read alike, without a break.
  const auto second = RecordingReader::open(path);
  auto writer = RecordingWriter::create(folder.path("again.rec"), (*first)->header());
  LEAT_ASSERT(second && writer);
  while (const std::optional<RecordedEntry> entry = (*second)->next()) (*writer)->add(*entry);
  LEAT_ASSERT((*writer)->close());
  const auto again = RecordingReader::open(folder.path("again.rec"));
  LEAT_ASSERT(again && entries_of(**again) == entries_of(**first) && (*again)->broken().empty());
}

}  // namespace leat::fuzz
