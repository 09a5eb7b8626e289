#pragma once

#include <functional>
#include <leat/crash_history.hpp>

namespace leat::cli {

/// Runs `work(null)` in a child process and starts it again, with what its crashes have taught, when a signal
/// kills it, with growing pauses; gives up when it dies too often. An actor that crashes twice gets its rows
/// one by one, and the row that it crashes on then is refused from there on. Signals to this process go on to
/// the child; the child dies with it. Returns the child's exit code. Call before any thread exists.
int supervise(bool quiet, const std::function<int(const CrashHistory* again)>& work);

}  // namespace leat::cli
