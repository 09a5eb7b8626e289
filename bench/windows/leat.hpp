#pragma once

#include <leat/batch_builder.hpp>
#include <leat/registry.hpp>

#include "windows/workload.hpp"

namespace leat::bench::windows {

/// What a workload gives to the Leat contender.
struct LeatWork {
  std::string topology;                 ///< bench/topologies/TOPOLOGY.yaml
  std::vector<Field> fields;            ///< of its records; `event_time` is among them
  std::vector<Column> columns;          ///< all kRecords records, but for `event_time`
  std::vector<std::uint32_t> shard_of;  ///< by record: a number that its key belongs to, to divide by
  std::string key, count, sum;          ///< columns of the result rows; count or sum may be empty
  void (*add_kinds)(Registry&) = nullptr;
};

/// For kinds between source and sink: takes the latency of one row in 64 of a paced run.
void sample_events(const Column& times);

void run_leat(const LeatWork& work, const Options& options, const Totals& expected, RunResult& result);

}  // namespace leat::bench::windows
