#pragma once

#include <cstdint>
#include <leat/state.hpp>

namespace leat {

/// Tells when a stream of losses has become greater on average: the Page-Hinkley test (E. S. Page, Continuous
/// inspection schemes, Biometrika 41, 1954; D. V. Hinkley, Biometrika 58, 1971) on the losses of each row
/// before it is learnt from (J. Gama et al., A survey on concept drift adaptation, ACM Computing Surveys 46,
/// 2014). Losses are averaged by blocks, whose means are nearly normal however skewed the losses are; a block
/// counts by how many standard deviations it lies above the mean of all before, at most kMost of them, so
/// that one freak block is no drift. Pure; a few numbers of memory.
class DriftTest {
 public:
  struct Limits {
    std::uint64_t block = 100;  ///< losses
    double margin = 0.5;        ///< standard deviations of a block's mean that are no drift
    double threshold = 15;      ///< how far above the margin, added up, is one
  };
  static constexpr std::uint64_t kLearnt = 30;  ///< blocks that say what is usual before any is judged
  static constexpr double kMost = 6;

  explicit DriftTest(Limits limits) : limits_(limits) {}

  /// One more loss. True: they have risen since `since_change()` losses; then start anew.
  bool add(double loss);
  /// Losses since the likeliest place of a change: where the sum was least.
  std::uint64_t since_change() const { return since_least_ + block_rows_; }
  double usual() const { return mean_; }
  double recent() const { return recent_; }  ///< mean since the likeliest place of a change
  void restart() { *this = DriftTest(limits_); }

  void save(StateWriter& state) const;
  Status load(StateReader& state);

 private:
  bool judge(double block_mean);
  template <class Self, class Each>
  static void each_number(Self& self, Each&& each);

  Limits limits_;
  double blocks_ = 0, mean_ = 0, squares_ = 0;  // of the blocks' means, by Welford
  double sum_ = 0, least_ = 0;
  double recent_ = 0, recent_blocks_ = 0;
  double block_sum_ = 0;
  std::uint64_t block_rows_ = 0;
  std::uint64_t since_least_ = 0;
};

}  // namespace leat
