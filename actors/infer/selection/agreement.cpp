#include "infer/selection/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace leat {
namespace {

bool is_number(Type type) {
  return type == Type::float64 || type == Type::float32_list;
}

bool equal(const Column& first, const Column& second, std::uint32_t row) {
  if (first.is_null(row) || second.is_null(row)) return first.is_null(row) == second.is_null(row);
  switch (first.type()) {
    case Type::boolean:
      return first.boolean(row) == second.boolean(row);
    case Type::int64:
    case Type::timestamp:
      return first.int64(row) == second.int64(row);
    default:
      return first.text(row) == second.text(row);
  }
}

/// Infinite where one has a number and the other has none.
double difference(const Column& first, const Column& second, std::uint32_t row) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  if (first.is_null(row) || second.is_null(row)) return first.is_null(row) == second.is_null(row) ? 0 : kNone;
  const auto apart = [](double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == std::isnan(b) ? 0 : kNone;
    return a == b ? 0 : std::abs(a - b);
  };
  if (first.type() == Type::float64) return apart(first.float64(row), second.float64(row));
  const auto left = first.floats(row), right = second.floats(row);
  if (left.size() != right.size()) return kNone;
  double most = 0;
  for (std::size_t at = 0; at < left.size(); ++at) most = std::max(most, apart(left[at], right[at]));
  return most;
}

}  // namespace

void Agreement::add(const Agreement& other) {
  rows += other.rows;
  agreed += other.agreed;
  failed += other.failed;
  difference_sum += other.difference_sum;
  difference_most = std::max(difference_most, other.difference_most);
}

std::string Agreement::text() const {
  return fmt::format(
      "{} of {} rows agree ({:.1f} %), their numbers differ by {:.4g} on average and {:.4g} at most; "
      "{} failed",
      agreed, rows, share() * 100, difference_mean(), difference_most, failed);
}

OutputComparison::OutputComparison(const Batch& first, const Batch& second) {
  for (std::size_t at = 0; at < first.columns().size(); ++at) {
    const Field& field = first.schema()->fields()[at];
    const Column* const other = second.column(field.name);
    if (other == nullptr || other->type() != field.type) continue;
    (is_number(field.type) ? numbers_ : exact_).emplace_back(&first.column(at), other);
  }
}

OutputComparison::Row OutputComparison::row(std::uint32_t row, double tolerance) const {
  Row found;
  for (const auto& [left, right] : numbers_)
    found.difference = std::max(found.difference, difference(*left, *right, row));
  const auto same = [&](const Pair& pair) { return equal(*pair.first, *pair.second, row); };
  found.agrees = exact_.empty() ? found.difference <= tolerance : std::ranges::all_of(exact_, same);
  return found;
}

Agreement compare_outputs(const Batch& first, const Batch& second, double tolerance) {
  const OutputComparison comparison(first, second);
  Agreement found;
  found.rows = first.row_count();
  for (std::uint32_t row = 0; row < first.row_count(); ++row) {
    const auto [agrees, apart] = comparison.row(row, tolerance);
    found.agreed += agrees;
    if (!std::isfinite(apart)) continue;
    found.difference_sum += apart;
    found.difference_most = std::max(found.difference_most, apart);
  }
  return found;
}

bool comparable(const Schema& first, const Schema& second) {
  return std::ranges::any_of(first.fields(), [&](const Field& field) {
    return std::ranges::any_of(second.fields(), [&](const Field& other) {
      return other.name == field.name && other.type == field.type;
    });
  });
}

}  // namespace leat
