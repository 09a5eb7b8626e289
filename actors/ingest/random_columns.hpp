#pragma once

#include <leat/batch_builder.hpp>

namespace leat {

/// The columns `ingest.generate` offers to its expressions:
/// { seq: int64, time: timestamp, r1..r4: float64 uniform in [0, 1), k1..k4: int64 uniform in [0, 2^31) }.
SchemaPtr generated_schema();

/// Fills columns of `generated_schema`, or of a part of it. Column c of row `seq` is a function of (seed,
/// seq, c) only, so rows are the same whatever the batch size, the number of instances, and after a restart.
class RandomColumns {
 public:
  /// `schema` has some of the fields of `generated_schema`.
  RandomColumns(std::uint64_t seed, SchemaPtr schema);

  void add(std::uint64_t seq, Time time);
  Batch finish() { return builder_.finish(); }
  std::uint32_t row_count() const { return builder_.row_count(); }

 private:
  std::uint64_t key_;
  BatchBuilder builder_;
  std::vector<std::uint8_t> origins_;  // per column: its position in generated_schema
};

}  // namespace leat
