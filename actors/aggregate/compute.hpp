#pragma once

#include <leat/fields.hpp>

#include "aggregate/functions.hpp"

namespace leat {

/// One entry of `compute`: `views: count`, `total: { sum: amount, where: amount > 0 }`,
/// `p99: { quantile: latency, at: 0.99 }`.
struct Computation {
  Place place;
  FunctionName function = FunctionName::count;
  Expression argument;  ///< empty: `count` of rows
  Expression where;
  FunctionSettings settings;

  std::optional<Type> argument_type() const {
    return argument.empty() ? std::nullopt : std::optional(argument.type());
  }
};

template <>
struct FieldTraits<Computation> {
  static void describe(FieldInfo& info);
  static void read(const ConfigNode&, Computation& value, ReadContext&);
  static std::string show(const Computation& value);
};

/// One entry of `key`: a field by its name, or `name: EXPRESSION`.
struct KeyFields {
  Named<Expression> list;
};

template <>
struct FieldTraits<KeyFields> {
  static void describe(FieldInfo& info);
  static void read(const ConfigNode&, KeyFields& value, ReadContext&);
  static std::string show(const KeyFields& value);
};

}  // namespace leat
