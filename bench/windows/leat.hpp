#pragma once

#include <leat/batch_builder.hpp>
#include <leat/registry.hpp>

#include "windows/workload.hpp"

namespace leat::bench::windows {

/// What a workload gives to the Leat contender.
struct LeatWork {
  std::string topology;         ///< bench/topologies/TOPOLOGY.yaml
  std::vector<Field> fields;    ///< of its records; `event_time` is among them
  std::vector<Column> columns;  ///< all kRecords records, but for `event_time`
  std::string key, count, sum;  ///< columns of the result rows; count or sum may be empty
  void (*add_kinds)(Registry&) = nullptr;
};

/// Totals of the run at hand: what the sink of this process has seen.
void run_leat(const LeatWork& work, const Options& options, const Totals& expected, RunResult& result);

}  // namespace leat::bench::windows
