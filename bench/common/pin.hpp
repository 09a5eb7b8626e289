#pragma once

#include <sched.h>

namespace leat::bench {

/// Keeps the calling thread, and every thread or process it starts afterwards, on one core.
/// False when the machine (or its cpuset) has no such core.
inline bool pin_to_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return sched_setaffinity(0, sizeof cores, &cores) == 0;
}

}  // namespace leat::bench
