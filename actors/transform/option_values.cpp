#include "transform/option_values.hpp"

#include <fmt/format.h>

namespace leat {

std::optional<Error> OptionValues::failure(std::uint32_t row) {
  while (next_failed_ < evaluated_.failed.size() && evaluated_.failed[next_failed_].row < row) ++next_failed_;
  if (next_failed_ == evaluated_.failed.size() || evaluated_.failed[next_failed_].row != row)
    return std::nullopt;
  const Error& error = evaluated_.failed[next_failed_].error;
  return Error{error.code, fmt::format("`{}`: {}", option_, error.message),
               expression_->place().known() ? expression_->place().text() : std::string()};
}

RowTimes::RowTimes(const EventTime& time, const Batch& batch, Time now)
    : now_(now.time_since_epoch().count()) {
  if (time.processing()) return;
  values_.emplace(time.expression(), "time", batch);
  option_text_ = time.expression().text();
}

Result<std::int64_t> RowTimes::at(std::uint32_t row) {
  if (!values_) return now_;
  if (auto failed = values_->failure(row)) return Failure(std::move(*failed));
  if (values_->column().is_null(row))
    return fail(Code::missing_value, fmt::format("the event time `{}` is null", option_text_));
  return values_->column().int64(row);
}

}  // namespace leat
