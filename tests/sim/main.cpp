#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

#include "sim/simulation.hpp"

// leat_sim: runs the delivery protocol under simulated faults. A seed that fails is printed with its trace.
namespace {

constexpr const char* kUsage =
    "usage: leat_sim [--seeds N] [--from S] [--mutant NAME] [--trace]\n\n"
    "  leat_sim --seeds 10000             the default run of CI\n"
    "  leat_sim --from 530 --seeds 1 --trace   one seed, with what happened\n"
    "  leat_sim --mutant list             the broken variants that must be caught\n";

struct Arguments {
  std::uint64_t seeds = 1000, from = 1;
  std::string mutant;
  bool trace = false;
};

bool read(int argc, char** argv, Arguments& arguments) {
  for (int at = 1; at < argc; ++at) {
    const std::string_view name = argv[at];
    if (name == "--trace") {
      arguments.trace = true;
      continue;
    }
    if (at + 1 == argc) return false;
    const std::string_view value = argv[++at];
    if (name == "--mutant") {
      arguments.mutant = value;
      continue;
    }
    std::uint64_t* number = name == "--seeds"  ? &arguments.seeds
                            : name == "--from" ? &arguments.from
                                               : nullptr;
    if (number == nullptr) return false;
    const auto [end, error] = std::from_chars(value.begin(), value.end(), *number);
    if (error != std::errc() || end != value.end()) return false;
  }
  return true;
}

void print_failure(std::uint64_t seed, const leat::sim::SimulationResult& result, bool whole) {
  fmt::print("seed {} failed\n", seed);
  for (const std::string& violation : result.violations) fmt::print("  {}\n", violation);
  const std::size_t lines = whole ? result.trace.size() : std::min<std::size_t>(result.trace.size(), 20);
  for (std::size_t at = result.trace.size() - lines; at < result.trace.size(); ++at)
    fmt::print("    {}\n", result.trace[at]);
  if (whole) fmt::print("{}", result.topology);
  fmt::print("  again: leat_sim --from {} --seeds 1 --trace\n", seed);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!read(argc, argv, arguments)) {
    fmt::print(stderr, "{}", kUsage);
    return 64;
  }
  if (arguments.mutant == "list") {
    for (const std::string& name : leat::sim::mutants()) fmt::print("{}\n", name);
    return 0;
  }
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> next{arguments.from};
  std::mutex mutex;
  std::uint64_t failed = 0, kills = 0, cuts = 0, pauses = 0, stops = 0, epochs = 0, checkpoints = 0, lost = 0;
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed < arguments.from + arguments.seeds; seed = next++) {
      const leat::sim::SimulationResult result =
          leat::sim::simulate({.seed = seed, .mutant = arguments.mutant});
      const std::lock_guard lock(mutex);
      kills += result.kills;
      cuts += result.cuts;
      pauses += result.pauses;
      stops += result.stops;
      epochs += result.epochs;
      checkpoints += result.checkpoints;
      lost += result.messages_lost;
      if (!result.violations.empty() && ++failed <= 5) print_failure(seed, result, arguments.trace);
      if (result.violations.empty() && arguments.trace)
        for (const std::string& line : result.trace) fmt::print("    {}\n", line);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned at = 0; at < std::max(1u, std::thread::hardware_concurrency()); ++at)
    threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  fmt::print(
      "{} seeds from {}, {} failed; {} kills, {} cuts, {} pauses, {} stops, {} messages lost, {} epochs, {} "
      "checkpoints; {:.1f} s\n",
      arguments.seeds, arguments.from, failed, kills, cuts, pauses, stops, lost, epochs, checkpoints,
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return failed == 0 ? 0 : 1;
}
