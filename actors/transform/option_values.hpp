#pragma once

#include <leat/event_time.hpp>

namespace leat {

/// What an option's expression says about the rows of one batch. Rows are asked about in ascending order.
class OptionValues {
 public:
  OptionValues(const Expression& expression, std::string_view option, const Batch& batch)
      : expression_(&expression), option_(option), evaluated_(expression.evaluate(batch)) {}

  /// Why the expression failed on this row, naming the option and its place; nothing if it did not.
  std::optional<Error> failure(std::uint32_t row);
  const Column& column() const { return evaluated_.values; }

 private:
  const Expression* expression_;
  std::string_view option_;
  Evaluated evaluated_;
  std::size_t next_failed_ = 0;
};

/// The times of the rows of one batch: of the option `time`, or the clock's. Rows are asked about in
/// ascending order.
class RowTimes {
 public:
  RowTimes(const EventTime& time, const Batch& batch, Time now);

  /// Microseconds since 1970; missing_value when the row's time is null.
  Result<std::int64_t> at(std::uint32_t row);

 private:
  std::optional<OptionValues> values_;  // none: the clock's time
  std::string option_text_;
  std::int64_t now_;
};

}  // namespace leat
