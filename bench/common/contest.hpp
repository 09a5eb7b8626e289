#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/options.hpp"
#include "common/result.hpp"

namespace leat::bench {

/// One implementation of a program's workload.
struct Contender {
  std::string name;
  /// One run, in a process of its own. Fills everything but the machine's shares. Throws when it cannot run.
  std::function<void(const Options&, RunResult&)> run;
  /// Why these options make no sense for it (it is left out then); empty when they do.
  std::function<std::string(const Options&)> refuses;
};

/// Runs the chosen contenders round-robin, so that every ratio compares neighbours in time; prints a table
/// and, if asked, the JSON line. Returns the exit code: 0, or 1 when a check failed or a run did not end
/// well.
int run_contest(const std::string& workload, const std::vector<Contender>& contenders,
                const Options& options);

}  // namespace leat::bench
