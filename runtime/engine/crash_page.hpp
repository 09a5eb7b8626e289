#pragma once

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <leat/batch.hpp>
#include <memory>

namespace leat {

/// What a process was doing when it crashed: shared memory that it leaves to its supervisor.
struct CrashPage {
  static constexpr std::size_t kNameMax = 128;
  std::atomic<int> signal{0};  ///< 0: it has not crashed, or not by itself
  bool in_actor = false;
  bool has_row = false;  ///< the actor was given one row, noted before: see CrashHistory::careful
  std::uint64_t row = 0;
  char actor[kNameMax] = {};
};

/// What the calling thread does at this moment. Written around every call into an actor, read by the signal
/// handler.
struct CallSite {
  const char* actor = nullptr;
  bool has_row = false;
  std::uint64_t row = 0;
};
CallSite& call_site();

/// Memory that children share; lives as long as the process.
CrashPage* make_crash_page();

/// From now on a fatal signal (SEGV, BUS, FPE, ILL, ABRT) leaves the call site of its thread in the page,
/// then does what it did before. Once per process: handlers are global by nature.
void watch_crashes(CrashPage* page);

/// While it lives, signals of its thread are handled on a stack of their own, so that an overflow of the
/// thread's is seen too. Made and destroyed by that thread.
class StackGuard {
 public:
  StackGuard();
  ~StackGuard();
  StackGuard(const StackGuard&) = delete;
  StackGuard& operator=(const StackGuard&) = delete;

 private:
  std::unique_ptr<std::byte[]> memory_;
  stack_t before_{};  // a sanitizer has one there, and expects to find it
};

/// Equal for rows with equal values.
std::uint64_t row_identity(const Batch& batch, std::uint32_t row);

}  // namespace leat
