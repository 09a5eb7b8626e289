#include "infer/drift.hpp"

#include <algorithm>
#include <cmath>

namespace leat {

bool DriftTest::add(double loss) {
  block_sum_ += loss;
  if (++block_rows_ < limits_.block) return false;
  const double block_mean = block_sum_ / static_cast<double>(block_rows_);
  block_sum_ = 0;
  block_rows_ = 0;
  return judge(block_mean);
}

bool DriftTest::judge(double block_mean) {
  bool risen = false;
  if (blocks_ >= static_cast<double>(kLearnt)) {
    // A model without any loss has no deviation either: a thousandth of a loss is its measure then.
    const double deviation = std::max(std::sqrt(squares_ / (blocks_ - 1)), 1e-3 * (1 + std::abs(mean_)));
    sum_ += std::min((block_mean - mean_) / deviation, kMost) - limits_.margin;
    since_least_ += limits_.block;
    recent_blocks_ += 1;
    recent_ += (block_mean - recent_) / recent_blocks_;
    if (sum_ <= least_) {
      least_ = sum_;
      since_least_ = 0;
      recent_ = recent_blocks_ = 0;
    }
    risen = sum_ - least_ > limits_.threshold;
  }
  blocks_ += 1;
  const double before = block_mean - mean_;
  mean_ += before / blocks_;
  squares_ += before * (block_mean - mean_);
  return risen;
}

template <class Self, class Each>
void DriftTest::each_number(Self& self, Each&& each) {
  each("drift.blocks", self.blocks_);
  each("drift.mean", self.mean_);
  each("drift.squares", self.squares_);
  each("drift.sum", self.sum_);
  each("drift.least", self.least_);
  each("drift.recent", self.recent_);
  each("drift.recent_blocks", self.recent_blocks_);
  each("drift.block_sum", self.block_sum_);
}

void DriftTest::save(StateWriter& state) const {
  each_number(*this, [&](const char* name, double value) { state.write(name, value); });
  state.write("drift.block_rows", static_cast<std::int64_t>(block_rows_));
  state.write("drift.since_least", static_cast<std::int64_t>(since_least_));
}

Status DriftTest::load(StateReader& state) {
  Status status;
  each_number(*this, [&](const char* name, double& value) {
    if (status) status = state.read(name, value);
  });
  LEAT_TRY(std::move(status));
  std::int64_t block_rows = 0, since_least = 0;
  LEAT_TRY(state.read("drift.block_rows", block_rows));
  LEAT_TRY(state.read("drift.since_least", since_least));
  block_rows_ = static_cast<std::uint64_t>(block_rows);
  since_least_ = static_cast<std::uint64_t>(since_least);
  return {};
}

}  // namespace leat
