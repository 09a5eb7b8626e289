#pragma once

#include <leat/registry.hpp>
#include <string>

#include "common/contest.hpp"
#include "windows/workload.hpp"

// What the programs of this folder have in common.
namespace leat::bench::windows {

/// One run of the contender `impl`.
using RunImpl = void (*)(const std::string& impl, const Options&, RunResult&);

/// Parses the command line and lets loop, zmq and leat compete. Returns the exit code.
struct Program {
  std::string name, about;
  std::uint64_t events;  ///< by default
  RunImpl run;
  /// Why a contender cannot do what the options ask for; empty when it can.
  std::string (*refuses)(const std::string& impl, const Options&);
};
int run_program(const Program& program, int argc, char** argv);

/// For workloads that are measured in one process and flat out only.
std::string flat_out_in_process(const std::string& impl, const Options& options);

/// Loads bench/topologies/NAME.yaml with Leat's kinds and those added, and runs its part on `host` (empty:
/// all).
void run_topology(const std::string& name, const std::string& host, void (*add_kinds)(Registry&));

/// Variables of the topologies: batch size and layout.
void set_batch_and_layout(const Options& options);

/// The part of a result that does not hang on how the stages ran.
void fill(const Options& options, const std::string& impl, std::uint64_t hand_batch, const RunState& state,
          const Totals& expected, RunResult& result);

}  // namespace leat::bench::windows
