#include "windows/program.hpp"

#include <cstdlib>
#include <leat/runner.hpp>
#include <stdexcept>

namespace leat::bench::windows {

int run_program(const Program& program, int argc, char** argv) {
  std::vector<Contender> contenders;
  Offer offer{program.name, program.about};
  for (const char* impl : {"loop", "zmq", "leat"}) {
    contenders.push_back(
        {impl,
         [&program, impl](const Options& options, RunResult& result) { program.run(impl, options, result); },
         [&program, impl](const Options& options) { return program.refuses(impl, options); }});
    offer.impls.emplace_back(impl);
  }
  offer.events = program.events;
  offer.pipeline = true;
  const Parsed parsed = parse_options(offer, argc, argv);
  return parsed.options ? run_contest(program.name, contenders, *parsed.options) : parsed.exit_code;
}

std::string flat_out_in_process(const std::string&, const Options& options) {
  if (options.deploy != "thread" || options.edge != "inproc") return "this program measures one process";
  if (options.rate > 0 || options.shards > 1) return "it runs flat out, in one pipeline";
  return {};
}

void run_topology(const std::string& name, const std::string& host, void (*add_kinds)(Registry&)) {
  Registry registry;
  register_standard_actors(registry);
  add_kinds(registry);
  Diagnostics diagnostics;
  const auto runner =
      Runner::load(std::string(LEAT_BENCH_TOPOLOGIES) + "/" + name + ".yaml", registry, diagnostics);
  if (!runner) throw std::runtime_error("the topology has problems: " + diagnostics.sorted().front().message);
  RunOptions run;
  run.host = host;
  const RunSummary summary = runner->run(run);
  if (summary.exit_code() != 0)
    throw std::runtime_error(summary.error ? summary.error->text() : "rows were lost");
}

void set_batch_and_layout(const Options& options) {
  ::setenv("BENCH_BATCH", options.batch == 0 ? "auto" : std::to_string(options.batch).c_str(), 1);
  ::setenv("BENCH_FUSE", options.layout == "fused" ? "true" : "false", 1);
}

void fill(const Options& options, const std::string& impl, std::uint64_t hand_batch, const RunState& state,
          const Totals& expected, RunResult& result) {
  result.events = options.events;
  result.secs = double(state.end_ns - state.start_ns) * 1e-9;
  result.ok = state.start_ns > 0 && state.end_ns > 0 && state.totals == expected;
  result.batch = impl == "loop" ? 1 : impl == "zmq" && options.batch == 0 ? hand_batch : options.batch;
  result.take_latency(state.event_latency);
  result.take_window_latency(state.window_latency);
}

}  // namespace leat::bench::windows
