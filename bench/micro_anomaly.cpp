// What one row costs the methods of `anomaly`: scored and learnt, two features, a full history. Counters: ns
// per row, bytes of the key's history.
#include <benchmark/benchmark.h>

#include "anomaly/ewma.hpp"
#include "anomaly/forest.hpp"
#include "anomaly/zscore.hpp"
#include "common/splitmix.hpp"

namespace leat {
namespace {

constexpr std::size_t kRows = 4096;

template <class Make>
void run(benchmark::State& state, Make make) {
  bench::SplitMix64 random(5);
  std::vector<double> values;
  for (std::size_t at = 0; at < 2 * kRows; ++at)
    values.push_back(static_cast<double>(random.next() % 10'000) / 10'000);
  const std::unique_ptr<Scorer> scorer = make();
  std::size_t row = 0;
  const auto one = [&] {
    const std::span<const double> read = std::span(values).subspan(2 * (row % kRows), 2);
    benchmark::DoNotOptimize(scorer->score(read, static_cast<std::int64_t>(row)));
    scorer->learn(read, static_cast<std::int64_t>(row));
    ++row;
  };
  for (std::size_t at = 0; at < 2 * kRows; ++at) one();
  for (auto _ : state) one();
  state.counters["bytes"] = static_cast<double>(scorer->byte_size());
}

BENCHMARK_CAPTURE(run, zscore_all_rows, [] { return make_zscore({.features = 2}); });
BENCHMARK_CAPTURE(run, zscore_window_1000, [] { return make_zscore({.features = 2, .window = 1000}); });
BENCHMARK_CAPTURE(run, ewma_rows, [] { return make_ewma({.features = 2, .half_life = {.rows = 300}}); });
BENCHMARK_CAPTURE(run, ewma_time, [] { return make_ewma({.features = 2, .half_life = {.us = 300}}); });
BENCHMARK_CAPTURE(run, forest, [] { return make_forest({.features = 2}); });
BENCHMARK_CAPTURE(run, forest_half_life,
                  [] { return make_forest({.features = 2, .half_life = {.rows = 1000}}); });
BENCHMARK_CAPTURE(run, forest_shingle_4, [] { return make_forest({.features = 2, .shingle = 4}); });

}  // namespace
}  // namespace leat

BENCHMARK_MAIN();
