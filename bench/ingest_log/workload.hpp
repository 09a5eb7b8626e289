#pragma once

#include <string>

#include "common/contest.hpp"

namespace leat::bench::ingest_log {

/// What becomes durable: JSON objects of 256 bytes.
inline constexpr std::size_t kRecordBytes = 256;
std::string make_record(std::uint64_t id);

/// The disk's own rate: the same bytes at the end of a reserved file, written and synced in groups of this
/// size. Latency is that of a write with its sync.
void run_disk(std::size_t group_bytes, const Options& options, RunResult& result);
/// One thread appends to an ingest log as fast as it takes records, until all are durable. Checks what it
/// reads back.
void run_log(const Options& options, RunResult& result);
/// 64 keep-alive connections post one record at a time to `ingest.http`. Latency is from request to answer.
void run_http(const Options& options, RunResult& result);

}  // namespace leat::bench::ingest_log
