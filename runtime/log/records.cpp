#include "log/records.hpp"

#include <algorithm>
#include <cstring>

#include "log/crc32c.hpp"

namespace leat {
namespace {

template <class Value>
std::string_view bytes_of(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::uint32_t checksum(const SegmentHead& head) {
  return crc32c(0, bytes_of(head).substr(offsetof(SegmentHead, base)));
}

std::uint32_t checksum(const RecordHead& head, std::string_view bytes) {
  const std::uint32_t crc = crc32c(0, bytes_of(head.length));
  return crc32c(crc32c(crc, bytes_of(head).substr(offsetof(RecordHead, offset))), bytes);
}

}  // namespace

std::string write_segment_head(std::uint64_t base, Time made) {
  SegmentHead head{.magic = {}, .crc = 0, .base = base, .made = made.time_since_epoch().count()};
  std::ranges::copy(kSegmentMagic, head.magic);
  head.crc = checksum(head);
  return std::string(bytes_of(head));
}

std::optional<SegmentHead> read_segment_head(std::string_view bytes) {
  SegmentHead head{};
  if (bytes.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  const bool good = std::string_view(head.magic, sizeof head.magic) == kSegmentMagic &&
                    head.version == kSegmentVersion && head.crc == checksum(head);
  return good ? std::optional(head) : std::nullopt;
}

void append_record(std::string& group, std::uint64_t offset, Time time, const IngestLog::Entry& entry) {
  const RecordHead head{.length = static_cast<std::uint32_t>(entry.bytes.size()),
                        .crc = 0,
                        .offset = offset,
                        .time = time.time_since_epoch().count(),
                        .behind = 0,
                        .tag = entry.tag};
  group.append(bytes_of(head)).append(entry.bytes);
}

void finish_records(std::string& group, std::uint64_t durable) {
  for (std::size_t at = 0; at < group.size();) {
    RecordHead head = read_record_head(std::string_view(group).substr(at));
    head.behind = static_cast<std::uint32_t>(head.offset - durable);
    head.crc = checksum(head, std::string_view(group).substr(at + kHeadBytes, head.length));
    std::memcpy(group.data() + at, &head, sizeof head);
    at += kHeadBytes + head.length;
  }
}

RecordHead read_record_head(std::string_view bytes) {
  RecordHead head;
  LEAT_ASSERT(bytes.size() >= sizeof head);
  std::memcpy(&head, bytes.data(), sizeof head);
  return head;
}

bool is_zero(std::string_view bytes) {
  return bytes.empty() ||
         (bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

bool is_intact(const RecordHead& head, std::string_view bytes) {
  return head.crc == checksum(head, bytes);
}

}  // namespace leat
