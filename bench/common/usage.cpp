#include "common/usage.hpp"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace leat::bench {
namespace {

// Fewer ticks than these say nothing about shares.
constexpr double kTicksMin = 40;

double seconds(const timeval& time) {
  return double(time.tv_sec) + double(time.tv_usec) * 1e-6;
}

// The text behind "KEY:" in a file of "KEY: value" lines; empty when the key is missing.
std::string value_of(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const auto colon = line.find(':');
    const auto start = colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? std::string() : line.substr(start);
  }
  return {};
}

}  // namespace

double cpu_seconds(Charge charge) {
  rusage usage{};
  getrusage(charge == Charge::self ? RUSAGE_SELF : RUSAGE_CHILDREN, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_rss_mb() {
  std::istringstream text(value_of("/proc/self/status", "VmHWM"));
  double kibibytes = 0;
  text >> kibibytes;
  return kibibytes * 1024 / 1e6;
}

MachineWindow::MachineWindow() : begin_(read()) {}

MachineWindow::Ticks MachineWindow::read() {
  std::ifstream file("/proc/stat");
  std::string name;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  file >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  const std::uint64_t busy = user + nice + system + irq + softirq;
  return {busy, steal, busy + idle + iowait + steal};
}

MachineWindow::Shares MachineWindow::shares(double own_cpu_s) const {
  const Ticks end = read();
  const double total = double(end.total - begin_.total);
  if (total < kTicksMin) return {std::nan(""), std::nan("")};
  const double own = own_cpu_s * double(sysconf(_SC_CLK_TCK));
  const double other = double(end.busy - begin_.busy) - own;
  return {std::clamp(other / total, 0.0, 1.0), double(end.steal - begin_.steal) / total};
}

std::string machine_name() {
  utsname system{};
  uname(&system);
  std::string name = value_of("/proc/cpuinfo", "model name");
  if (name.empty()) name = system.machine;
  return name + ", " + std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + " cpus, Linux " + system.release;
}

}  // namespace leat::bench
