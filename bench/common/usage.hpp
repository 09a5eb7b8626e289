#pragma once

#include <cstdint>
#include <string>

namespace leat::bench {

enum class Charge { self, children };

/// User and system seconds of this process with all its threads, or of its children that were waited for.
double cpu_seconds(Charge charge);

/// VmHWM: the most memory this process had resident, in MB (10^6 bytes).
double peak_rss_mb();

/// What the whole machine did since a moment, from /proc/stat.
class MachineWindow {
 public:
  MachineWindow();

  struct Shares {
    double other_cpu = 0;  ///< Share of all cores used by strangers.
    double steal = 0;      ///< Share the hypervisor kept for itself.
  };

  /// Shares since construction; `own_cpu_s` is what the measured processes used in that time. Not numbers
  /// when the window was shorter than some 200 ms: the kernel counts in ticks of 10 ms.
  Shares shares(double own_cpu_s) const;

 private:
  struct Ticks {
    std::uint64_t busy = 0;
    std::uint64_t steal = 0;
    std::uint64_t total = 0;
  };
  static Ticks read();

  Ticks begin_;
};

/// "AMD EPYC, 2 cpus, Linux 6.1".
std::string machine_name();

}  // namespace leat::bench
