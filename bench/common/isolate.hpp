#pragma once

#include <functional>
#include <string>

namespace leat::bench {

/// How a forked process ended: empty when it exited with 0, else what happened, in words.
using Ending = std::string;

/// Runs `work` in a child process that leads its own process group and waits for it; kills the group after
/// `timeout_secs`. Peak memory, CPU and sockets of one run thus never touch the next. Exceptions that escape
/// `work` are printed and end the child with 70.
Ending run_isolated(double timeout_secs, const std::function<void()>& work);

/// Forks a child that runs `work` in the caller's process group and dies with the caller. Returns its id.
int start_process(const std::function<void()>& work);

/// Waits for a process of start_process.
Ending join_process(int pid);

}  // namespace leat::bench
