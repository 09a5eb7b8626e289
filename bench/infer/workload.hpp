#pragma once

#include <string>
#include <vector>

#include "common/options.hpp"
#include "common/result.hpp"
#include "common/temp_dir.hpp"

namespace leat::bench::infer {

inline constexpr std::uint32_t kColumns = 28;
inline constexpr std::uint32_t kRows = 65'536;  ///< Row k of the stream is row k mod kRows.
inline constexpr std::uint32_t kCall = 256;     ///< Rows of one call.

/// Uniform values in [0, 1), row by row.
std::vector<float> make_rows(std::uint64_t seed);

/// 100 trees of depth 6, learnt from 8,192 of the rows, by XGBoost or by ONNX Runtime; or two hidden layers
/// of 64 and 32, with weights that nobody has learnt, by ONNX Runtime.
enum class Workload { forest, onnx_forest, onnx_mlp };
/// Writes the model into the folder. Returns the file.
std::string write_model(Workload workload, const std::vector<float>& rows, const TempDir& folder);

/// The sum of the answers to the first `events` rows, by the bare library.
double expected_sum(const std::string& model, const std::vector<float>& rows, std::uint64_t events);

void run_bare(Workload workload, const Options& options, RunResult& result);
/// How a row of the stream has its values: a column of float64 for each, or all in one list<float32>, as a
/// program that makes features mostly has them.
enum class RowForm { columns, list };
void run_leat(Workload workload, RowForm form, const Options& options, RunResult& result);
/// The forest of XGBoost, while two versions take each other's place once per second: the window's latency is
/// that of rows that were due around a swap, the other that of the rest.
void run_swap(const Options& options, RunResult& result);

}  // namespace leat::bench::infer
