#pragma once

#include <leat/batch.hpp>
#include <string>
#include <vector>

namespace leat {

/// How far two models say the same of the same rows. Compared are the outputs that both have, by name and
/// type: a row agrees when every text, bool and integer is equal, or, where there are none of those, when
/// every number is within the tolerance. So labels decide where there are labels, and scores where there are
/// none.
struct Agreement {
  std::uint64_t rows = 0;                          ///< that both answered
  std::uint64_t agreed = 0;                        ///< of them
  std::uint64_t failed = 0;                        ///< that only the first answered
  double difference_sum = 0, difference_most = 0;  ///< of the numbers, each row's greatest

  double share() const { return rows == 0 ? 0 : static_cast<double>(agreed) / static_cast<double>(rows); }
  double difference_mean() const { return rows == 0 ? 0 : difference_sum / static_cast<double>(rows); }
  void add(const Agreement& other);
  /// "9821 of 10000 rows agree (98.2 %), their numbers differ by 0.0031 on average and 0.2 at most; 3 failed"
  std::string text() const;
};

/// Two outputs of the same rows, in the same order, which must outlive it.
class OutputComparison {
 public:
  OutputComparison(const Batch& first, const Batch& second);
  struct Row {
    bool agrees = false;
    double difference = 0;  ///< of the numbers, the greatest; infinite where only one has a number
  };
  Row row(std::uint32_t row, double tolerance) const;

 private:
  using Pair = std::pair<const Column*, const Column*>;
  std::vector<Pair> exact_, numbers_;
};

Agreement compare_outputs(const Batch& first, const Batch& second, double tolerance);
/// Whether two schemas have anything to compare.
bool comparable(const Schema& first, const Schema& second);

}  // namespace leat
