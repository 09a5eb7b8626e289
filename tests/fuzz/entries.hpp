#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace leat::fuzz {

// What libFuzzer's targets and the seeded tests feed: each takes any bytes, and aborts when a promise is
// broken.

/// Two bytes length of a BatchLayout (little endian), the layout, the body; rows of testing::all_types().
void try_frame(std::string_view input);
/// Lines of JSON.
void try_json_rows(std::string_view input);
/// A header and records of CSV, cut at NUL bytes, so that line ends stay inside records.
void try_csv_rows(std::string_view input);
/// One MessagePack value.
void try_msgpack_rows(std::string_view input);
/// An expression over testing::mixed_schema().
void try_expression(std::string_view input);
/// Records of an ingest log's last segment, behind a byte whose lowest bit says whether checksums are
/// repaired.
void try_log(std::string_view input);
/// A topology file.
void try_topology(std::string_view input);

}  // namespace leat::fuzz
