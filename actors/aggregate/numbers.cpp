// sum, avg, variance, stddev
#include <cmath>

#include "aggregate/functions.hpp"

namespace leat {
namespace {

double number_at(const Column& column, std::uint32_t row) {
  return column.type() == Type::int64 ? static_cast<double>(column.int64(row)) : column.float64(row);
}

struct IntegerTotal {
  __int128 sum = 0;  // no stream is long enough to overflow it
  std::int64_t count = 0;
  void add(const Column& values, std::uint32_t row) { sum += values.int64(row); }
};
struct FloatTotal {
  double sum = 0;
  std::int64_t count = 0;
  void add(const Column& values, std::uint32_t row) { sum += values.float64(row); }
};

template <class Total, bool mean>
class SumOf final : public PlainStatePerGroup<SumOf<Total, mean>, Total> {
 public:
  void add(Total& total, const Column& values, std::uint32_t row, std::int64_t) const {
    total.add(values, row);
    ++total.count;
  }
  void merge_states(Total& total, const Total& from) const {
    total.sum += from.sum;
    total.count += from.count;
  }
  Status emit_state(const Total& total, ColumnBuilder& out) const {
    if (total.count == 0) {
      out.append_null();
    } else if constexpr (mean) {
      out.append(static_cast<double>(total.sum) / static_cast<double>(total.count));
    } else if constexpr (std::is_same_v<Total, FloatTotal>) {
      out.append(total.sum);
    } else {
      if (total.sum > INT64_MAX || total.sum < INT64_MIN)
        return fail(Code::out_of_range, "the sum does not fit an int64; sum `double(...)` instead");
      out.append(static_cast<std::int64_t>(total.sum));
    }
    return {};
  }
};

struct Moments {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;  // sum of squared distances from the mean
};

// Welford's update, and the pairwise merge of Chan, Golub and LeVeque.
template <bool root>
class Variance final : public PlainStatePerGroup<Variance<root>, Moments> {
 public:
  void add(Moments& state, const Column& values, std::uint32_t row, std::int64_t) const {
    const double value = number_at(values, row);
    const double distance = value - state.mean;
    state.mean += distance / static_cast<double>(++state.count);
    state.squares += distance * (value - state.mean);
  }
  void merge_states(Moments& state, const Moments& from) const {
    if (from.count == 0) return;
    const auto count = static_cast<double>(state.count), more = static_cast<double>(from.count);
    const double distance = from.mean - state.mean;
    state.count += from.count;
    state.mean += distance * more / (count + more);
    state.squares += from.squares + distance * distance * count * more / (count + more);
  }
  Status emit_state(const Moments& state, ColumnBuilder& out) const {
    if (state.count < 2) {
      out.append_null();
      return {};
    }
    const double variance = state.squares / static_cast<double>(state.count - 1);
    out.append(root ? std::sqrt(variance) : variance);
    return {};
  }
};

}  // namespace

std::unique_ptr<Accumulator> make_numeric(FunctionName function, Type argument) {
  const bool integers = argument == Type::int64;
  if (function == FunctionName::sum && integers) return std::make_unique<SumOf<IntegerTotal, false>>();
  if (function == FunctionName::sum) return std::make_unique<SumOf<FloatTotal, false>>();
  if (function == FunctionName::avg && integers) return std::make_unique<SumOf<IntegerTotal, true>>();
  if (function == FunctionName::avg) return std::make_unique<SumOf<FloatTotal, true>>();
  if (function == FunctionName::variance) return std::make_unique<Variance<false>>();
  return std::make_unique<Variance<true>>();
}

}  // namespace leat
