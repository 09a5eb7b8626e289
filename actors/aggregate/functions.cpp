#include "aggregate/functions.hpp"

#include <array>

namespace leat {
namespace {

constexpr std::array kFunctions{
    FunctionInfo{FunctionName::count, "count", "rows, or rows where the argument is not null"},
    FunctionInfo{FunctionName::sum, "sum", "sum; exact for integers, an error if it does not fit an int64"},
    FunctionInfo{FunctionName::min, "min", "least value; NaN only if there is nothing else"},
    FunctionInfo{FunctionName::max, "max", "greatest value; NaN only if there is nothing else"},
    FunctionInfo{FunctionName::avg, "avg", "mean"},
    FunctionInfo{FunctionName::variance, "variance", "sample variance (n - 1), null for one value"},
    FunctionInfo{FunctionName::stddev, "stddev", "square root of the sample variance"},
    FunctionInfo{FunctionName::first, "first",
                 "value with the least time; of equals the one that came first"},
    FunctionInfo{FunctionName::last, "last",
                 "value with the greatest time; of equals the one that came last"},
    FunctionInfo{FunctionName::any_value, "any_value", "some value"},
    FunctionInfo{FunctionName::count_distinct, "count_distinct",
                 "different values: exact up to `exact`, then HyperLogLog with 1.6 % standard error"},
    FunctionInfo{
        FunctionName::quantile, "quantile",
        "value at the rank `at`: exact up to 200 values, then KLL with a rank error below 1.7 % (99 %)"},
    FunctionInfo{
        FunctionName::top_k, "top_k",
        "the `k` most frequent values with counts: exact up to `track` different ones, then each count "
        "too low by at most rows / `track`"},
    FunctionInfo{FunctionName::collect, "collect", "the first `max` values in order of arrival"},
};

bool is_number(Type type) {
  return type == Type::int64 || type == Type::float64;
}

bool is_ordered(Type type) {
  return is_number(type) || type == Type::timestamp || type == Type::string || type == Type::boolean;
}

// Rows, or rows with a value.
class Count final : public Accumulator {
 public:
  std::unique_ptr<Accumulator> make_empty() const override { return std::make_unique<Count>(); }
  void grow(std::uint32_t groups) override { counts_.resize(std::max<std::size_t>(groups, counts_.size())); }
  void fold(const GroupedRows& rows, const Column* values) override {
    if (values == nullptr) {
      for (const std::uint32_t group : rows.groups) ++counts_[group];
      return;
    }
    for_each_present(rows, *values, [&](std::uint32_t group, std::uint32_t) { ++counts_[group]; });
  }
  void merge(std::uint32_t group, const Accumulator& from, std::uint32_t from_group) override {
    counts_[group] += static_cast<const Count&>(from).counts_[from_group];
  }
  void merge_all(std::span<const std::uint32_t> groups, const Accumulator& from) override {
    const auto& others = static_cast<const Count&>(from).counts_;
    for (std::size_t at = 0; at < groups.size(); ++at) counts_[groups[at]] += others[at];
  }
  void clear() override { counts_.clear(); }
  void reset(std::uint32_t group) override { counts_[group] = 0; }
  Status emit(std::uint32_t group, ColumnBuilder& out) const override {
    out.append(counts_[group]);
    return {};
  }
  void save(std::uint32_t group, StateOut& out) const override { out.put(counts_[group]); }
  void load(std::uint32_t group, StateIn& in) override { counts_[group] = in.get<std::int64_t>(); }
  std::size_t byte_size() const override { return counts_.capacity() * sizeof(std::int64_t); }

 private:
  std::vector<std::int64_t> counts_;
};

}  // namespace

std::span<const FunctionInfo> all_functions() {
  return kFunctions;
}

std::optional<Type> result_type(FunctionName function, std::optional<Type> argument) {
  if (function == FunctionName::count) return Type::int64;
  if (!argument) return std::nullopt;
  switch (function) {
    case FunctionName::count:
    case FunctionName::count_distinct:
      return Type::int64;
    case FunctionName::sum:
      return is_number(*argument) ? argument : std::nullopt;
    case FunctionName::min:
    case FunctionName::max:
      return is_ordered(*argument) ? argument : std::nullopt;
    case FunctionName::avg:
    case FunctionName::variance:
    case FunctionName::stddev:
    case FunctionName::quantile:
      return is_number(*argument) ? std::optional(Type::float64) : std::nullopt;
    case FunctionName::first:
    case FunctionName::last:
    case FunctionName::any_value:
      return argument;
    case FunctionName::top_k:
    case FunctionName::collect:
      return Type::any;
  }
  return std::nullopt;
}

bool result_nullable(FunctionName function) {
  return function != FunctionName::count && function != FunctionName::count_distinct &&
         function != FunctionName::top_k && function != FunctionName::collect;
}

std::string_view wanted_argument(FunctionName function) {
  switch (function) {
    case FunctionName::sum:
    case FunctionName::avg:
    case FunctionName::variance:
    case FunctionName::stddev:
    case FunctionName::quantile:
      return "an int64 or float64";
    case FunctionName::min:
    case FunctionName::max:
      return "a number, timestamp, string or bool";
    default:
      return "any value";
  }
}

std::unique_ptr<Accumulator> make_accumulator(FunctionName function, std::optional<Type> argument,
                                              const FunctionSettings& settings) {
  switch (function) {
    case FunctionName::count:
      return std::make_unique<Count>();
    case FunctionName::sum:
    case FunctionName::avg:
    case FunctionName::variance:
    case FunctionName::stddev:
      return make_numeric(function, *argument);
    case FunctionName::min:
    case FunctionName::max:
    case FunctionName::first:
    case FunctionName::last:
    case FunctionName::any_value:
      return make_pick(function, *argument);
    case FunctionName::count_distinct:
      return make_count_distinct(*argument, settings.exact);
    case FunctionName::quantile:
      return make_quantile(*argument, settings.at);
    case FunctionName::top_k:
      return make_top_k(settings.k, settings.track);
    case FunctionName::collect:
      return make_collect(settings.values_max);
  }
  return nullptr;
}

}  // namespace leat
