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
/// What a worker's inbox gets from another process in one message: frames of links, whose rows are of
/// testing::all_types() on link 0; there is no other.
void try_link(std::string_view input);
/// A host's part of a checkpoint.
void try_snapshot(std::string_view input);
/// A manifest as it lies on disk; behind a byte whose lowest bit says whether its checksum is repaired.
void try_manifest(std::string_view input);
/// A control message of the topology `t`.
void try_control(std::string_view input);
/// What a client sends on one connection to ingest.http, behind a byte that says in how large pieces.
void try_http(std::string_view input);
/// What an endpoint answers to `infer`, behind a byte that says about how many rows it was asked.
void try_reply(std::string_view input);
/// Rules, and what happens to rows that an endpoint is asked about.
void try_outcomes(std::string_view input);
/// A message of a feed, a request for lost ones, or the head of an answer.
void try_feed(std::string_view input);
/// A recording, behind a byte whose lowest bit says whether checksums are repaired.
void try_recording(std::string_view input);
/// A text as models read it: tokens, hashed n-grams, lexicons, languages; behind a byte that chooses options.
void try_texts(std::string_view input);
/// A model of hashed n-grams as it lies on disk.
void try_ngrams(std::string_view input);
/// A topology file.
void try_topology(std::string_view input);

}  // namespace leat::fuzz
