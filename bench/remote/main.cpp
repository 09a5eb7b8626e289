// What does asking an endpoint cost, and how near does it come to what the endpoint allows? One that answers
// after 50 ms is asked about one row per request, 256 at a time: 5,120 requests per second are the most. Then
// the same with answers in order within each of 1,000 keys, in order among all, and with one answer in a
// hundred ten times as slow, which nobody but its own row may wait for.
#include <cstdlib>
#include <leat/context.hpp>
#include <leat/runner.hpp>
#include <stdexcept>

#include "common/clock.hpp"
#include "common/contest.hpp"
#include "common/usage.hpp"
#include "remote/endpoint.hpp"

namespace leat::bench::remote {
namespace {

// The run that the actors of this process belong to: a kind gets nothing but its YAML options.
struct Bench {
  std::int64_t begin_ns = 0, end_ns = 0;
  std::uint64_t seen = 0;
  double sum = 0;
};
Bench bench_run;

class Answers final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"bench.answers", "Counts the answers."};
  static constexpr Port in{0, "in", "Answers."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() { return {}; }
  explicit Answers(Config) {}
  Status on_start(Context&) override {
    bench_run.begin_ns = now_ns();
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context&) override {
    for (const double minutes : batch.column("minutes")->float64s()) bench_run.sum += minutes;
    bench_run.seen += batch.row_count();
    bench_run.end_ns = now_ns();
    return {};
  }
};

struct Way {
  const char* name;
  const char* topology;
  const char* order;
  bool slow = false;
};
constexpr Way kWays[] = {{"unordered", "remote.yaml", "none"},
                         {"by_key", "remote_by_key.yaml", "none"},
                         {"all", "remote.yaml", "all"},
                         {"one_in_100_slow", "remote.yaml", "none", true}};

void run(const Way& way, const Options& options, RunResult& result) {
  Endpoint::Latency latency;
  if (way.slow) latency.slow = 10 * latency.usual;
  const Endpoint endpoint(latency);
  ::setenv("BENCH_PORT", std::to_string(endpoint.port()).c_str(), 1);
  ::setenv("BENCH_COUNT", std::to_string(options.events).c_str(), 1);
  ::setenv("BENCH_ORDER", way.order, 1);
  Registry registry;
  register_standard_actors(registry);
  registry.add<Answers>();
  Diagnostics diagnostics;
  const auto runner =
      Runner::load(std::string(LEAT_BENCH_TOPOLOGIES) + "/" + way.topology, registry, diagnostics);
  if (!runner) throw std::runtime_error("the topology has problems: " + diagnostics.sorted().front().message);
  const double before = cpu_seconds(Charge::self);
  const RunSummary summary = runner->run({});
  if (summary.exit_code() != 0)
    throw std::runtime_error(summary.error ? summary.error->text() : "rows were lost");
  result.cpu_s = cpu_seconds(Charge::self) - before;
  result.rss_mb = peak_rss_mb();
  result.secs = double(bench_run.end_ns - bench_run.begin_ns) * 1e-9;
  result.events = options.events;
  result.batch = 1;
  result.ok = bench_run.seen == options.events && bench_run.sum == 7.5 * double(options.events);
}

}  // namespace
}  // namespace leat::bench::remote

int main(int argc, char** argv) {
  namespace remote = leat::bench::remote;
  std::vector<leat::bench::Contender> contenders;
  leat::bench::Offer offer{"remote", "An endpoint that answers after 50 ms, asked 256 times at once."};
  for (const remote::Way& way : remote::kWays) {
    contenders.push_back({way.name,
                          [&way](const leat::bench::Options& options, leat::bench::RunResult& result) {
                            remote::run(way, options, result);
                          },
                          {}});
    offer.impls.push_back(way.name);
  }
  offer.events = 50'000;
  auto parsed = leat::bench::parse_options(offer, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  return leat::bench::run_contest("remote", contenders, *parsed.options);
}
