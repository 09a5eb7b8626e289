#pragma once

#include <bit>
#include <leat/ingest_log.hpp>

// How records lie in a file: docs/ingest.md draws it. Everything else of the log is built on these.
namespace leat {

static_assert(std::endian::native == std::endian::little, "logs are written as numbers lie in memory");

inline constexpr std::string_view kSegmentMagic = "leat-log";
inline constexpr std::uint32_t kSegmentVersion = 1;

/// The first bytes of a segment's file.
struct SegmentHead {
  char magic[8];
  std::uint32_t version = kSegmentVersion;
  std::uint32_t crc = 0;   ///< of the two numbers below
  std::uint64_t base = 0;  ///< offset of the first record
  std::int64_t made = 0;
};
static_assert(sizeof(SegmentHead) == 32);

/// Stands before each record's bytes. A head of zeros is no record: space that was reserved.
struct RecordHead {
  std::uint32_t length = 0;  ///< of the bytes behind this head
  std::uint32_t crc = 0;     ///< of length, of everything below, and of those bytes
  std::uint64_t offset = 0;
  std::int64_t time = 0;
  /// This record's offset less what was durable when it was written. So a good record proves that everything
  /// before `offset - behind` had been synced: damage there is no torn write.
  std::uint32_t behind = 0;
  std::uint32_t tag = 0;
};
static_assert(sizeof(RecordHead) == 32);

inline constexpr std::size_t kHeadBytes = 32;  // of either

std::string write_segment_head(std::uint64_t base, Time made);
/// Nothing when it is not one, or not of this version.
std::optional<SegmentHead> read_segment_head(std::string_view bytes);

/// Appends a record that still lacks `behind` and its checksum.
void append_record(std::string& group, std::uint64_t offset, Time time, const IngestLog::Entry& entry);
/// Completes all records of a group, just before it is written.
void finish_records(std::string& group, std::uint64_t durable);

RecordHead read_record_head(std::string_view bytes);
bool is_zero(std::string_view bytes);
/// Whether the checksum over head and bytes is right.
bool is_intact(const RecordHead& head, std::string_view bytes);

}  // namespace leat
