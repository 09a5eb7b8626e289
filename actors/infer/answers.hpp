#pragma once

#include "infer/model_map.hpp"

namespace leat {

/// What becomes of a model's outputs: the new columns of a row, and who answered. Immutable; shared by
/// instances.
class Answers {
 public:
  /// Nothing, with problems at their places, when names or expressions are wrong. `answered_by` empty: the
  /// default name; "none": no such column.
  static std::optional<Answers> make(const OutputMap& map, const SchemaPtr& outputs,
                                     const std::string& answered_by, bool nullable, Describe& describe);

  const std::vector<Field>& fields() const { return fields_; }
  /// The column that says who answered; "none" without one.
  std::string answered_by() const { return answered_by_ ? fields_.back().name : "none"; }
  /// The columns for a prediction's rows; `absent` rows (ascending) had no input and get nulls. Rows on which
  /// an expression fails are added to `prediction.failed`.
  std::vector<Column> columns(Prediction& prediction, std::span<const std::uint32_t> absent,
                              const std::string& identity) const;

 private:
  std::vector<Expression> expressions_;  // none: all outputs as they are
  std::vector<Field> fields_;
  bool answered_by_ = false;
};

}  // namespace leat
