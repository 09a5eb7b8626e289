#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <leat/context.hpp>
#include <leat/runner.hpp>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "common/clock.hpp"
#include "common/histogram.hpp"
#include "common/usage.hpp"
#include "infer/model_file.hpp"
#include "infer/tensor.hpp"
#include "infer/workload.hpp"

// Leat: bench/topologies/infer.yaml or infer_list.yaml, loaded and run through the public API. Source and
// sink are kinds of this program.
namespace leat::bench::infer {
namespace {

// The run that the actors of this process belong to: a kind gets nothing but its YAML options.
struct Bench {
  const Options* options = nullptr;
  SchemaPtr schema;
  std::vector<Column> columns;  // behind `due`
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  double sum = 0;
  std::uint64_t seen = 0;
  Histogram latency;
  Histogram
      around_swaps;  // of rows that were due when a version was about to take another's place, or had just
  std::atomic<std::int64_t> swapped_ns{0};
};
Bench bench_run;

// A version is found within `watch`, opened and warmed, and takes over: all of it lies within this time.
constexpr std::int64_t kSwapNs = 400'000'000;

struct NoConfig {};

// Rows are views of columns in memory, beside when each was due.
class Rows final : public Source {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.rows", "Makes the workload's rows."};
  static constexpr Port out{0, "out", "Rows."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, bench_run.schema); }
  explicit Rows(Config) {}

  Result<Produced> produce(std::uint32_t rows_max, Context& ctx) override {
    const Options& options = *bench_run.options;
    if (bench_run.begin_ns == 0) bench_run.begin_ns = now_ns();
    std::uint64_t due = options.events;
    if (options.rate > 0)
      due = std::min(
          due, static_cast<std::uint64_t>(double(now_ns() - bench_run.begin_ns) * 1e-9 * options.rate) + 1);
    for (std::uint32_t sent = 0; sent < rows_max && next_ < due;) sent += emit(due, ctx);
    if (next_ >= options.events) return Produced::end();
    return next_ >= due ? Produced::idle(std::chrono::microseconds(20)) : Produced::more();
  }

 private:
  std::uint32_t emit(std::uint64_t due, Context& ctx) {
    const auto at = static_cast<std::uint32_t>(next_ % kRows);
    const auto rows =
        static_cast<std::uint32_t>(std::min<std::uint64_t>({ctx.batch_rows(), kRows - at, due - next_}));
    const Memory memory = Memory::allocate(rows * sizeof(std::int64_t));
    auto* times = reinterpret_cast<std::int64_t*>(memory.data());
    const double step = bench_run.options->rate > 0 ? 1e9 / bench_run.options->rate : 0;
    for (std::uint32_t row = 0; row < rows; ++row)
      times[row] = bench_run.begin_ns + static_cast<std::int64_t>(double(next_ + row) * step);
    std::vector<Column> columns{
        Column({.type = Type::int64, .rows = rows, .values = memory.data(), .owner = memory})};
    for (const Column& column : bench_run.columns) columns.push_back(column.slice(at, rows));
    ctx.emit(out, Batch(ctx.output_schema(out), columns, rows));
    next_ += rows;
    return rows;
  }

  std::uint64_t next_ = 0;
};

class Answers final : public Actor {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.answers", "Adds up the answers."};
  static constexpr Port in{0, "in", "Answers."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() { return {}; }
  explicit Answers(Config) {}

  Status on_batch(const Port&, const Batch& batch, Context&) override {
    for (const double answer : batch.column("score")->float64s()) bench_run.sum += answer;
    bench_run.seen += batch.row_count();
    bench_run.end_ns = now_ns();
    if (bench_run.options->rate == 0) return {};
    const std::int64_t swapped = bench_run.swapped_ns;
    for (const std::int64_t due : batch.column("due")->int64s()) {
      if (due <= bench_run.begin_ns + 500'000'000) continue;
      const bool around = due >= swapped && due < swapped + kSwapNs;
      (around ? bench_run.around_swaps : bench_run.latency).add(bench_run.end_ns - due);
    }
    return {};
  }
};

void as_columns(const std::vector<float>& rows) {
  std::vector<Field> fields{{"due", Type::int64}};
  for (std::uint32_t at = 0; at < kColumns; ++at) {
    fields.push_back({"f" + std::to_string(at), Type::float64});
    Column::Parts parts{
        .type = Type::float64, .rows = kRows, .owner = Memory::allocate(kRows * sizeof(double))};
    auto* values = reinterpret_cast<double*>(parts.owner.data());
    for (std::uint32_t row = 0; row < kRows; ++row) values[row] = rows[std::size_t{row} * kColumns + at];
    parts.values = parts.owner.data();
    bench_run.columns.emplace_back(std::move(parts));
  }
  bench_run.schema = Schema::make(std::move(fields));
}

void as_list(const std::vector<float>& rows) {
  Memory values = Memory::allocate(rows.size() * sizeof(float));
  std::ranges::copy(rows, reinterpret_cast<float*>(values.data()));
  bench_run.columns.push_back(make_lists(std::move(values), kRows, kColumns));
  bench_run.schema = Schema::make({{"due", Type::int64}, {"features", Type::float32_list}});
}

/// Makes the other of two versions current once per second, while it lives.
class Swapping {
 public:
  explicit Swapping(std::string folder) : folder_(std::move(folder)), thread_([this] { run(); }) {}
  ~Swapping() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    ready_.notify_all();
    thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (std::uint64_t version = 1;
         !ready_.wait_for(lock, std::chrono::seconds(1), [this] { return stopping_; });
         version = 3 - version) {
      bench_run.swapped_ns = now_ns();
      if (!pin_version(folder_, version)) std::abort();
    }
  }

  std::string folder_;
  std::mutex mutex_;
  std::condition_variable ready_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Twice the same forest, as versions 1 and 2.
std::string versions_of(const std::string& model, const TempDir& folder) {
  const std::filesystem::path forest = std::filesystem::path(folder.path()) / "forest";
  for (const char* version : {"1", "2"}) {
    std::filesystem::create_directories(forest / version);
    std::filesystem::copy_file(model, forest / version / "model.ubj");
  }
  return forest.string();
}

void run_topology(Workload workload, RowForm form, const Options& options, RunResult& result, bool swapping) {
  const TempDir folder;
  const std::vector<float> rows = make_rows(options.seed);
  const std::string model = write_model(workload, rows, folder);
  const std::string served = swapping ? versions_of(model, folder) : model;
  bench_run.options = &options;
  form == RowForm::list ? as_list(rows) : as_columns(rows);
  ::setenv("BENCH_MODEL", served.c_str(), 1);
  ::setenv("BENCH_ENGINE", workload == Workload::forest ? "xgboost" : "onnx", 1);
  ::setenv("BENCH_DELAY", options.rate > 0 ? "1ms" : "0s", 1);
  ::setenv("BENCH_BATCH", options.batch == 0 ? "auto" : std::to_string(options.batch).c_str(), 1);
  Registry registry;
  register_standard_actors(registry);
  registry.add<Rows>();
  registry.add<Answers>();
  Diagnostics diagnostics;
  const auto runner = Runner::load(
      std::string(LEAT_BENCH_TOPOLOGIES) + (form == RowForm::list ? "/infer_list.yaml" : "/infer.yaml"),
      registry, diagnostics);
  if (!runner) throw std::runtime_error("the topology has problems: " + diagnostics.sorted().front().message);
  const double before = cpu_seconds(Charge::self);
  std::optional<Swapping> swaps;
  if (swapping) swaps.emplace(served);
  const RunSummary summary = runner->run({});
  swaps.reset();
  if (summary.exit_code() != 0)
    throw std::runtime_error(summary.error ? summary.error->text() : "rows were lost");
  result.cpu_s = cpu_seconds(Charge::self) - before;
  result.rss_mb = peak_rss_mb();
  result.secs = double(bench_run.end_ns - bench_run.begin_ns) * 1e-9;
  result.events = options.events;
  result.batch = kCall;
  result.take_latency(bench_run.latency);
  if (swapping) result.take_window_latency(bench_run.around_swaps);
  const double expected = expected_sum(model, rows, options.events);
  // A network's sums may be added up in another order when a call has another number of rows.
  const double tolerance = workload == Workload::onnx_mlp ? 1e-6 : 1e-9;
  result.ok = bench_run.seen == options.events && std::abs(bench_run.sum - expected) <= tolerance * expected;
}

}  // namespace

void run_leat(Workload workload, RowForm form, const Options& options, RunResult& result) {
  run_topology(workload, form, options, result, false);
}

void run_swap(const Options& options, RunResult& result) {
  run_topology(Workload::forest, RowForm::columns, options, result, true);
}

}  // namespace leat::bench::infer
