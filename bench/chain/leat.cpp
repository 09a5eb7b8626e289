#include <cstdlib>
#include <leat/batch_builder.hpp>
#include <leat/runner.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "chain/workload.hpp"
#include "common/free_port.hpp"
#include "common/isolate.hpp"
#include "common/shared.hpp"
#include "common/temp_dir.hpp"

// Leat: the topology bench/topologies/chain-N.yaml, loaded and run through the public API, with three kinds
// of its own. A relay copies every record, as the hand-written ones do.
namespace leat::bench::chain {
namespace {

// The run that the actors of this process belong to. A bench process runs one topology once, and a kind gets
// nothing but its YAML options, so this is the way in.
struct Bench {
  const Options* options = nullptr;
  RunState* state = nullptr;
  std::optional<CpuMeter> cpu;
};
Bench bench_run;

SchemaPtr record_schema() {
  static const SchemaPtr schema = Schema::make(
      {{"time", Type::int64, false}, {"sequence", Type::int64, false}, {"filler", Type::bytes, false}});
  return schema;
}

struct StageConfig {
  std::uint32_t stage = 0;
};

class BenchSource final : public Source {
 public:
  using Config = StageConfig;
  static constexpr KindInfo kind{"bench.source",
                                 "Makes records, as fast as they are taken or on a schedule."};
  static constexpr Port out{0, "out", "Records."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, record_schema()); }
  explicit BenchSource(Config)
      : options_(*bench_run.options),
        state_(*bench_run.state),
        filler_(make_filler()),
        rows_(record_schema()) {}

  Result<Produced> produce(std::uint32_t rows_max, Context& ctx) override {
    if (start_ns_ == 0) begin();
    if (options_.idle_secs > 0) return idle();
    const std::uint64_t due = std::min(options_.events, options_.rate > 0 ? scheduled() : next_ + rows_max);
    if (next_ == due) return end_or(Produced::idle(std::chrono::microseconds(20)));
    const std::uint64_t stop = std::min(due, next_ + rows_max);
    while (next_ < stop) {
      add_row();
      if (rows_.row_count() == ctx.batch_rows()) ctx.emit(out, rows_.finish());
    }
    if (!rows_.empty()) ctx.emit(out, rows_.finish());
    return end_or(options_.rate > 0 && stop == due ? Produced::idle(std::chrono::microseconds(20))
                                                   : Produced::more());
  }

 private:
  void begin() {
    bench_run.cpu.emplace();
    state_.start_ns = start_ns_ = now_ns();
    step_ns_ = options_.rate > 0 ? 1e9 / options_.rate : 0;
  }
  Produced idle() {
    if (now_ns() - start_ns_ < static_cast<std::int64_t>(options_.idle_secs * 1e9))
      return Produced::idle(std::chrono::seconds(1));
    state_.stages[0].ended = true;
    return Produced::end();
  }
  Produced end_or(Produced produced) {
    if (next_ < options_.events) return produced;
    state_.stages[0].ended = true;
    return Produced::end();
  }
  std::uint64_t scheduled() const {
    return static_cast<std::uint64_t>(double(now_ns() - start_ns_) / step_ns_) + 1;
  }
  void add_row() {
    const std::int64_t time = options_.rate > 0
                                  ? start_ns_ + static_cast<std::int64_t>(double(next_) * step_ns_)
                                  : static_cast<std::int64_t>(next_);
    rows_.column(0).append(time);
    rows_.column(1).append(static_cast<std::int64_t>(next_++));
    rows_.column(2).append(std::string_view(reinterpret_cast<const char*>(filler_.data()), filler_.size()));
  }

  const Options& options_;
  RunState& state_;
  std::array<std::byte, kFillerBytes> filler_;
  BatchBuilder rows_;
  std::int64_t start_ns_ = 0;
  double step_ns_ = 0;
  std::uint64_t next_ = 0;
};

class BenchRelay final : public Actor {
 public:
  using Config = StageConfig;
  static constexpr KindInfo kind{"bench.relay", "Copies every record."};
  static constexpr Port in{0, "in", "Records."};
  static constexpr Port out{0, "out", "Their copies."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {required("stage", &Config::stage, "Position in the chain.")}; }
  explicit BenchRelay(Config config) : stage_(bench_run.state->stages[config.stage]) {}

  Status on_start(Context&) override {
    if (!bench_run.cpu) bench_run.cpu.emplace();
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    for (const std::int64_t sequence : batch.column(1).int64s())
      edge_.see(static_cast<std::uint64_t>(sequence));
    while (all_rows_.size() < batch.row_count())
      all_rows_.push_back(static_cast<std::uint32_t>(all_rows_.size()));
    ctx.emit(out, batch.take(std::span(all_rows_).first(batch.row_count())));
    return {};
  }
  Status on_end(Context&) override {
    stage_.edge = edge_;
    stage_.ended = true;
    return {};
  }

 private:
  RunState::Stage& stage_;
  EdgeCheck edge_;
  std::vector<std::uint32_t> all_rows_;
};

class BenchSink final : public Actor {
 public:
  using Config = StageConfig;
  static constexpr KindInfo kind{"bench.sink", "Checks every record."};
  static constexpr Port in{0, "in", "Records."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() { return {required("stage", &Config::stage, "Position in the chain.")}; }
  explicit BenchSink(Config config)
      : stage_(bench_run.state->stages[config.stage]), sink_(*bench_run.options, *bench_run.state, edge_) {}

  Status on_start(Context&) override {
    if (!bench_run.cpu) bench_run.cpu.emplace();
    return {};
  }
  Status on_batch(const Port&, const Batch& batch, Context&) override {
    const auto times = batch.column(0).int64s();
    const auto sequences = batch.column(1).int64s();
    for (std::size_t row = 0; row < times.size(); ++row)
      sink_.take(times[row], static_cast<std::uint64_t>(sequences[row]));
    return {};
  }
  Status on_end(Context&) override {
    sink_.end();
    stage_.edge = edge_;
    stage_.ended = true;
    return {};
  }

 private:
  RunState::Stage& stage_;
  EdgeCheck edge_;
  Sink sink_;
};

void set_variables(const Options& options, const TempDir& directory) {
  const auto set = [](const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
  };
  set("BENCH_BATCH", options.batch == 0 ? "auto" : std::to_string(options.batch));
  set("BENCH_FUSE", options.layout == "fused" ? "true" : "false");
  set("BENCH_RUN_DIR", directory.path());
  for (std::size_t stage = 0; stage < stage_count(options); ++stage)
    set("BENCH_H" + std::to_string(stage),
        options.edge == "tcp" ? "127.0.0.1:" + std::to_string(free_port()) : "local");
}

void run_host(const Options& options, const std::string& host) {
  Registry registry;
  registry.add<BenchSource>();
  registry.add<BenchRelay>();
  registry.add<BenchSink>();
  Diagnostics diagnostics;
  const auto runner =
      Runner::load(std::string(LEAT_BENCH_TOPOLOGIES) + "/chain-" + std::to_string(options.relays) + ".yaml",
                   registry, diagnostics);
  if (!runner) throw std::runtime_error("the topology has problems: " + diagnostics.sorted().front().message);
  RunOptions run;
  run.host = host;
  const RunSummary summary = runner->run(run);
  if (summary.exit_code() != 0)
    throw std::runtime_error(summary.error ? summary.error->text() : "rows were lost");
}

void run_processes(const Options& options, RunState& state, RunResult& result) {
  std::vector<int> processes;
  for (std::size_t stage = 0; stage < stage_count(options); ++stage)
    processes.push_back(start_process([&, stage] {
      run_host(options, "h" + std::to_string(stage));
      state.stages[stage].cpu_s = bench_run.cpu->elapsed_s();
      state.stages[stage].rss_mb = peak_rss_mb();
    }));
  std::string failed;
  for (const int process : processes)
    if (const Ending ending = join_process(process); !ending.empty()) failed = ending;
  if (!failed.empty()) throw std::runtime_error("a stage did not end well: " + failed);
  conclude(options, state, result);
}

}  // namespace

void run_leat(const Options& options, RunResult& result) {
  const Shared<RunState> state;
  const TempDir directory;
  bench_run.options = &options;
  bench_run.state = &*state;
  set_variables(options, directory);
  result.batch = options.batch;
  if (options.deploy == "process") return run_processes(options, *state, result);
  run_host(options, "");
  conclude(options, *state, result);
  result.cpu_s = bench_run.cpu->elapsed_s();
  result.rss_mb = peak_rss_mb();
}

}  // namespace leat::bench::chain
