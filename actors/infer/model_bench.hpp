#pragma once

#include "infer/model.hpp"

namespace leat {

/// What one call of so many rows takes.
struct ModelTiming {
  std::uint32_t threads = 1;
  std::uint32_t rows = 1;
  double call_us = 0;  ///< median

  double rows_per_second() const { return rows / call_us * 1e6; }
};

/// What to write into a topology.
struct ModelAdvice {
  std::uint32_t threads = 1;
  std::uint32_t rows = 1;
  std::uint64_t delay_us = 0;  ///< 0: waiting for company brings nothing
  std::string why;

  std::string yaml() const;
};

/// 1, 2, 4 ... up to the machine's processors.
std::vector<std::uint32_t> bench_threads();
bool threads_matter(const std::string& engine);

/// Calls with 1 to 1024 rows of seeded noise (texts: `text`, with more and fewer words), a tenth of a second
/// each. An error is the model's.
Result<std::vector<ModelTiming>> time_model(const Model& model, std::uint32_t threads,
                                            const std::string& text);

/// The fewest rows and threads that come within a tenth of the best rate on these timings.
ModelAdvice advise(const std::vector<ModelTiming>& timings);

}  // namespace leat
