#pragma once

#include <leat/expression.hpp>

#include "aggregate/accumulator.hpp"

namespace leat {

/// The functions of `compute`, as data: reading, checking and docs use it.
enum class FunctionName : std::uint8_t {
  count,
  sum,
  min,
  max,
  avg,
  variance,
  stddev,
  first,
  last,
  any_value,
  count_distinct,
  quantile,
  top_k,
  collect,
};

struct FunctionInfo {
  FunctionName function;
  std::string_view name;
  std::string_view doc;
};
std::span<const FunctionInfo> all_functions();

/// Settings of the functions that have any.
struct FunctionSettings {
  double at = 0.5;                 ///< quantile: which, 0 to 1
  std::uint32_t k = 10;            ///< top_k: how many values
  std::uint32_t track = 1000;      ///< top_k: how many values are counted at once
  std::uint32_t exact = 1000;      ///< count_distinct: exact up to so many
  std::uint32_t values_max = 100;  ///< collect
};

/// What the function yields for an argument of that type (nullopt: no argument); nullopt if it takes no such
/// argument. All but the counts yield null when there was no value.
std::optional<Type> result_type(FunctionName function, std::optional<Type> argument);
bool result_nullable(FunctionName function);
/// Types it takes, for a message.
std::string_view wanted_argument(FunctionName function);

std::unique_ptr<Accumulator> make_accumulator(FunctionName function, std::optional<Type> argument,
                                              const FunctionSettings& settings);

// Parts of the above, by file.
std::unique_ptr<Accumulator> make_numeric(FunctionName function, Type argument);       // numbers.cpp
std::unique_ptr<Accumulator> make_pick(FunctionName function, Type argument);          // picks.cpp
std::unique_ptr<Accumulator> make_count_distinct(Type argument, std::uint32_t exact);  // count_distinct.cpp
std::unique_ptr<Accumulator> make_quantile(Type argument, double at);                  // quantile.cpp
std::unique_ptr<Accumulator> make_top_k(std::uint32_t k, std::uint32_t track);         // top_k.cpp
std::unique_ptr<Accumulator> make_collect(std::uint32_t values_max);                   // collect.cpp

}  // namespace leat
