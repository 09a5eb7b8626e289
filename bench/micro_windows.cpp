// What one row costs in windows over a million keys, and how much state a key takes: tumbling and hopping,
// sum and quantile. Counters: ns per row, bytes of state per key at the fullest.
#include <benchmark/benchmark.h>

#include <numeric>

#include "aggregate/functions.hpp"
#include "aggregate/windows.hpp"
#include "common/splitmix.hpp"

namespace leat {
namespace {

constexpr std::uint32_t kBatchRows = 4096;
constexpr std::uint64_t kKeys = 1'000'000;
constexpr std::int64_t kRows = 6'000'000;  // over three windows of the full length
constexpr std::int64_t kWindowUs = 60'000'000;

class Discard final : public WindowResults {
 public:
  void add(const Groups&, std::uint32_t, const Window*, bool) override { ++rows; }
  std::uint64_t rows = 0;
};

struct Shape {
  FunctionName function;
  std::int64_t every_us;
};

void run(benchmark::State& state, Shape shape) {
  bench::SplitMix64 random(5);
  BatchBuilder rows(Schema::make({{"key", Type::int64}, {"value", Type::int64}}));
  std::vector<Batch> batches;
  for (int batch = 0; batch < 256; ++batch) {
    for (std::uint32_t row = 0; row < kBatchRows; ++row)
      rows.add(static_cast<std::int64_t>(random.next() % kKeys + (1u << 20)),
               static_cast<std::int64_t>(random.next() % 1000));
    batches.push_back(rows.finish());
  }
  std::vector<std::uint32_t> all(kBatchRows);
  std::iota(all.begin(), all.end(), 0u);
  WindowSpec spec;
  spec.kind = WindowSpec::Kind::panes;
  spec.size_us = kWindowUs;
  spec.every_us = shape.every_us;
  spec.groups_max = UINT32_MAX - 1;
  double bytes_per_key = 0;
  std::uint64_t results = 0;
  for (auto _ : state) {
    GroupShape groups;
    groups.form = RowKeys::Form::word;
    groups.functions.push_back(make_accumulator(shape.function, Type::int64, {}));
    const auto windows = make_windows(spec, groups);
    RowKeys keys({Type::int64}, false);
    WindowRows input;
    input.keys = &keys;
    input.arguments.resize(1);
    std::vector<std::int64_t> times(kBatchRows);
    Discard out;
    Windows::Untaken untaken;
    for (std::int64_t first = 0; first + kBatchRows <= kRows; first += kBatchRows) {
      const Batch& batch = batches[static_cast<std::size_t>(first / kBatchRows) % batches.size()];
      for (std::uint32_t row = 0; row < kBatchRows; ++row) times[row] = (first + row) * 3 * kWindowUs / kRows;
      keys.assign(batch.columns().first(1), kBatchRows);
      input.times = times;
      input.arguments[0].values = batch.column(1);
      windows->add(input, all, untaken, out);
      if (windows->next_deadline() <= times.back() - 1) {
        bytes_per_key = static_cast<double>(windows->byte_size()) / windows->group_count();
        windows->advance(times.back() - 1, out);
      }
    }
    windows->close(out);
    results = out.rows;
  }
  state.counters["ns_per_row"] =
      benchmark::Counter(static_cast<double>(kRows * state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_group"] = bytes_per_key;
  state.counters["results"] = static_cast<double>(results);
}

BENCHMARK_CAPTURE(run, tumbling_sum, Shape{FunctionName::sum, kWindowUs})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, hopping_sum, Shape{FunctionName::sum, kWindowUs / 2})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, tumbling_quantile, Shape{FunctionName::quantile, kWindowUs})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run, hopping_quantile, Shape{FunctionName::quantile, kWindowUs / 2})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace leat

BENCHMARK_MAIN();
