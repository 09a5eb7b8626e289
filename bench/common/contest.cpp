#include "common/contest.hpp"

#include <fmt/core.h>
#include <sysexits.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "common/isolate.hpp"
#include "common/pin.hpp"
#include "common/shared.hpp"
#include "common/usage.hpp"

namespace leat::bench {
namespace {

struct Series {
  const Contender* contender;
  std::vector<RunResult> runs;
};

std::vector<Series> chosen(const std::vector<Contender>& contenders, const Options& options) {
  std::vector<Series> series;
  for (const Contender& contender : contenders) {
    if (std::find(options.impls.begin(), options.impls.end(), contender.name) == options.impls.end())
      continue;
    const std::string refusal = contender.refuses ? contender.refuses(options) : std::string();
    if (refusal.empty())
      series.push_back({&contender, {}});
    else
      fmt::print(stderr, "{} left out: {}\n", contender.name, refusal);
  }
  return series;
}

RunResult run_once(const Contender& contender, const Options& options) {
  const Shared<RunResult> shared;
  const MachineWindow window;
  const double cpu_before = cpu_seconds(Charge::children);
  const Ending ending = run_isolated(options.timeout_secs, [&] {
    if (options.pin == "shard") pin_to_core(0);
    contender.run(options, *shared);
  });
  RunResult run = *shared;
  const auto shares = window.shares(cpu_seconds(Charge::children) - cpu_before);
  run.other_cpu = shares.other_cpu;
  run.steal = shares.steal;
  if (!ending.empty()) {
    run.ok = false;
    fmt::print(stderr, "{}: {}\n", contender.name, ending);
  } else if (!run.ok) {
    fmt::print(stderr, "{}: the check of the results FAILED\n", contender.name);
  }
  return run;
}

void print_header(const Options& options) {
  fmt::print("{:<14} {:>26} {:>9} {:>7}", "contender", "M events/s min/median/max", "CPU-s/M", "RSS MB");
  if (options.rate > 0) fmt::print(" {:>9} {:>9} {:>9}", "p50 us", "p99 us", "max us");
  if (options.idle_secs > 0) fmt::print(" {:>10}", "core idle");
  fmt::print(" {:>9}  {}\n", "others", "verified");
}

void print_row(const Series& series, const Options& options, bool verified) {
  const auto by_rate = [](const RunResult& a, const RunResult& b) {
    return a.events_per_s() < b.events_per_s();
  };
  const auto [low, high] = std::minmax_element(series.runs.begin(), series.runs.end(), by_rate);
  const RunResult& run = median_run(series.runs);
  double others = 0;
  for (const RunResult& each : series.runs) others = std::fmax(others, each.other_cpu);
  const std::string rates = fmt::format("{:.3g} / {:.3g} / {:.3g}", low->events_per_s() / 1e6,
                                        run.events_per_s() / 1e6, high->events_per_s() / 1e6);
  fmt::print("{:<14} {:>26} {:>9.4f} {:>7.1f}", series.contender->name, rates, run.cpu_s_per_m(), run.rss_mb);
  if (options.rate > 0)
    fmt::print(" {:>9.1f} {:>9.1f} {:>9.1f}", run.ev_p50_us, run.ev_p99_us, run.ev_max_us);
  if (options.idle_secs > 0) fmt::print(" {:>9.2f}%", 100 * run.cpu_s / options.idle_secs);
  fmt::print(" {:>8.1f}%  {}\n", 100 * others, verified ? "yes" : "NO");
}

bool all_ok(const Series& series) {
  return std::all_of(series.runs.begin(), series.runs.end(), [](const RunResult& run) { return run.ok; });
}

}  // namespace

int run_contest(const std::string& workload, const std::vector<Contender>& contenders,
                const Options& options) {
  std::vector<Series> series = chosen(contenders, options);
  if (series.empty()) return EX_USAGE;
  std::ofstream out;
  if (!options.out.empty()) {
    out.open(options.out, std::ios::app);
    if (!out) {
      fmt::print(stderr, "cannot write {}\n", options.out);
      return EX_CANTCREAT;
    }
  }
  for (std::uint64_t round = 0; round < options.rounds; ++round) {
    for (Series& each : series) {
      each.runs.push_back(run_once(*each.contender, options));
      if (out.is_open())
        out << describe_run(workload, each.contender->name, options, each.runs.back()).text() << std::endl;
    }
  }
  print_header(options);
  bool verified = true;
  JsonObject json;
  json.add("bench", workload);
  for (const Series& each : series) {
    const bool ok = all_ok(each);
    verified = verified && ok;
    print_row(each, options, ok);
    RunResult median = median_run(each.runs);
    median.ok = ok;
    json.add(each.contender->name, describe_run(workload, each.contender->name, options, median));
  }
  json.add("rounds", options.rounds).add("verified", verified);
  if (options.json) fmt::print("{}\n", json.text());
  return verified ? 0 : 1;
}

}  // namespace leat::bench
