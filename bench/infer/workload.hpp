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

/// Trains 100 trees of depth 6 on 8,192 of the rows and writes `model.ubj` there. Returns the file.
std::string write_model(const std::vector<float>& rows, const TempDir& folder);

/// The sum of the answers to the first `events` rows, by the bare library.
double expected_sum(const std::string& model, const std::vector<float>& rows, std::uint64_t events);

void run_bare(const Options& options, RunResult& result);
void run_leat(const Options& options, RunResult& result);
/// The same, while two versions take each other's place once per second: the window's latency is that of rows
/// that were due around a swap, the other that of the rest.
void run_swap(const Options& options, RunResult& result);

}  // namespace leat::bench::infer
