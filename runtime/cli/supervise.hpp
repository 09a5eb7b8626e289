#pragma once

#include <functional>

namespace leat::cli {

/// Runs `work(again)` in a child process and starts it again when a signal kills it, with growing pauses;
/// gives up when it dies too often. Signals to this process go on to the child; the child dies with it.
/// Returns the child's exit code. Call before any thread exists.
int supervise(bool quiet, const std::function<int(bool again)>& work);

}  // namespace leat::cli
