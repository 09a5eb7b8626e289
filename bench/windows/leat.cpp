#include "windows/leat.hpp"

#include <cstdlib>
#include <leat/context.hpp>
#include <optional>
#include <span>
#include <stdexcept>

#include "common/free_port.hpp"
#include "common/isolate.hpp"
#include "common/shared.hpp"
#include "common/temp_dir.hpp"
#include "windows/program.hpp"

// Leat: a topology of bench/topologies, loaded and run through the public API. Source and sink are kinds of
// this program; what lies between are Leat's own, but for the look-up of a campaign.
namespace leat::bench::windows {
namespace {

// The run that the actors of this process belong to. A bench process runs one topology once, and a kind gets
// nothing but its YAML options, so this is the way in.
struct Bench {
  const LeatWork* work = nullptr;
  const Options* options = nullptr;
  RunState* state = nullptr;
};
Bench bench_run;

struct NoConfig {};

// Event k is record k mod kRecords. An instance of several makes the events of its part of the keys. Rows are
// views of columns in memory, with event times of their own.
class Events final : public Source {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.events", "Makes the workload's events."};
  static constexpr Port out{0, "out", "Events."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, schema()); }
  explicit Events(Config) : pace_(*bench_run.options) {}

  Status on_start(Context& ctx) override {
    const LeatWork& work = *bench_run.work;
    for (std::uint32_t record = 0; record < kRecords; ++record)
      if (work.shard_of[record] % ctx.instances() == ctx.instance()) records_.push_back(record);
    for (const Column& column : work.columns)
      columns_.push_back(ctx.instances() == 1 ? column : column.take(records_));
    return {};
  }

  Result<Produced> produce(std::uint32_t rows_max, Context& ctx) override {
    std::int64_t none = 0;
    bench_run.state->start_ns.compare_exchange_strong(none, now_ns());
    const std::uint64_t events = bench_run.options->events;
    const bool paced = bench_run.options->rate > 0;
    const std::uint64_t due = paced ? std::min(events, scheduled()) : events;
    for (std::uint32_t sent = 0; sent < rows_max && next() < due;) sent += emit_batch(due, ctx);
    if (next() >= events) return Produced::end();
    return paced && next() >= due ? Produced::idle(std::chrono::microseconds(20)) : Produced::more();
  }

 private:
  static SchemaPtr schema() { return Schema::make(bench_run.work->fields); }

  // Number of the event to come.
  std::uint64_t next() const { return cycle_ * kRecords + records_[at_]; }
  std::uint64_t scheduled() const {
    return static_cast<std::uint64_t>((now_ns() - bench_run.state->start_ns) / pace_.step_ns + 1);
  }

  std::uint32_t emit_batch(std::uint64_t due, Context& ctx) {
    const std::uint64_t first = cycle_ * kRecords;
    auto rows = std::min(ctx.batch_rows(), static_cast<std::uint32_t>(records_.size()) - at_);
    while (first + records_[at_ + rows - 1] >= due) --rows;
    const Memory memory = Memory::allocate(rows * sizeof(std::int64_t));
    auto* times = reinterpret_cast<std::int64_t*>(memory.data());
    write_times(first + records_[at_], std::span(records_).subspan(at_, rows), times);
    const Column time({.type = Type::timestamp, .rows = rows, .values = memory.data(), .owner = memory});
    batch_.clear();
    std::size_t column = 0;
    for (const Field& field : schema_->fields())
      batch_.push_back(field.name == "event_time" ? time : columns_[column++].slice(at_, rows));
    ctx.emit(out, Batch(schema_, batch_, rows));
    at_ += rows;
    if (at_ == records_.size()) {
      at_ = 0;
      ++cycle_;
    }
    return rows;
  }

  // Microseconds. Divided as 32 bits, which vector instructions can.
  void write_times(std::uint64_t first, std::span<const std::uint32_t> records, std::int64_t* times) const {
    const std::int64_t first_ns = static_cast<std::int64_t>(first) * pace_.step_ns;
    const std::int64_t last_ns = (records.back() - records.front()) * pace_.step_ns + 999;
    if (last_ns > UINT32_MAX) {
      for (std::size_t row = 0; row < records.size(); ++row)
        times[row] = (first_ns + (records[row] - records.front()) * pace_.step_ns) / 1000;
      return;
    }
    const auto step = static_cast<std::uint32_t>(pace_.step_ns);
    const auto rest = static_cast<std::uint32_t>(first_ns % 1000);
    for (std::size_t row = 0; row < records.size(); ++row)
      times[row] = first_ns / 1000 + (rest + (records[row] - records.front()) * step) / 1000;
  }

  SchemaPtr schema_ = schema();
  Pace pace_;
  std::vector<std::uint32_t> records_;  // that this instance makes
  std::vector<Column> columns_, batch_;
  std::uint64_t cycle_ = 0;
  std::uint32_t at_ = 0;  // in records_
};

// Adds up the result rows.
class Rows final : public Actor {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.rows", "Checks the result rows."};
  static constexpr Port in{0, "in", "Result rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() { return {}; }
  explicit Rows(Config) : pace_(*bench_run.options) {}

  Status on_batch(const Port&, const Batch& batch, Context&) override {
    const LeatWork& work = *bench_run.work;
    const auto column = [&](const std::string& name) { return name.empty() ? nullptr : batch.column(name); };
    const Column *start = column("window_start"), *key = column(work.key), *count = column(work.count),
                 *sum = column(work.sum);
    const std::int64_t window_us = pace_.window_ns / 1000;
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      const std::int64_t end_ns = (start->int64(row) + window_us) * 1000;
      // The last window ends with the stream, not in time.
      if (bench_run.options->rate > 0 &&
          end_ns <= static_cast<std::int64_t>(bench_run.options->events) * pace_.step_ns)
        sample(bench_run.state->window_latency, bench_run.state->start_ns, end_ns);
      totals_.add({start->int64(row) / window_us, key->int64(row), count ? count->int64(row) : 0,
                   sum ? sum->int64(row) : 0});
    }
    return {};
  }
  Status on_end(Context&) override {
    bench_run.state->totals = totals_;
    bench_run.state->end_ns = now_ns();
    return {};
  }

 private:
  Pace pace_;
  Totals totals_;
};

void add_kinds(Registry& registry) {
  registry.add<Events>();
  registry.add<Rows>();
  if (bench_run.work->add_kinds != nullptr) bench_run.work->add_kinds(registry);
}

void run_processes(const LeatWork& work, RunState& state) {
  std::vector<int> processes;
  for (std::size_t stage = 0; stage < RunState::kStages; ++stage)
    processes.push_back(start_process([&, stage] {
      const double before = cpu_seconds(Charge::self);
      run_topology(work.topology, "h" + std::to_string(stage), add_kinds);
      state.cpu_s[stage] = cpu_seconds(Charge::self) - before;
      state.rss_mb[stage] = peak_rss_mb();
    }));
  std::string failed;
  for (const int process : processes)
    if (const Ending ending = join_process(process); !ending.empty()) failed = ending;
  if (!failed.empty()) throw std::runtime_error("a stage did not end well: " + failed);
}

void set_variables(const Options& options, const TempDir& directory) {
  const auto set = [](const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
  };
  set_batch_and_layout(options);
  set("BENCH_SHARDS", std::to_string(options.shards));
  set("BENCH_WINDOW", options.rate > 0 ? "250ms" : "10s");
  set("BENCH_RUN_DIR", directory.path());
  for (std::size_t stage = 0; stage < RunState::kStages; ++stage)
    set("BENCH_H" + std::to_string(stage),
        options.edge == "tcp" ? "127.0.0.1:" + std::to_string(free_port()) : "local");
}

}  // namespace

void sample_events(const Column& times) {
  static thread_local std::uint64_t seen = 0;
  if (bench_run.options->rate == 0) return;
  for (const std::int64_t time : times.int64s())
    if (++seen % 64 == 0) sample(bench_run.state->event_latency, bench_run.state->start_ns, time * 1000);
}

void run_leat(const LeatWork& work, const Options& options, const Totals& expected, RunResult& result) {
  const Shared<RunState> state;
  const TempDir directory;
  bench_run = {&work, &options, &*state};
  set_variables(options, directory);
  const double before = cpu_seconds(Charge::self);
  options.deploy == "process" ? run_processes(work, *state) : run_topology(work.topology, "", add_kinds);
  result.cpu_s = cpu_seconds(Charge::self) - before;
  result.rss_mb = peak_rss_mb();
  conclude(options, "leat", *state, expected, result);
}

void conclude(const Options& options, const std::string& impl, const RunState& state, const Totals& expected,
              RunResult& result) {
  fill(options, impl, kHandBatch, state, expected, result);
  if (options.deploy != "process") return;
  result.cpu_s = result.rss_mb = 0;
  for (std::size_t stage = 0; stage < RunState::kStages; ++stage) {
    result.cpu_s += state.cpu_s[stage];
    result.rss_mb += state.rss_mb[stage];
  }
}

}  // namespace leat::bench::windows
