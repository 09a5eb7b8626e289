#pragma once

#include <leat/describe.hpp>
#include <leat/fields.hpp>

#include "infer/model.hpp"

namespace leat {

/// One entry of `map.in`: what fills one input of a model.
struct MappedInput {
  std::string name;  ///< empty where the mapping gives none
  Place place;
  std::vector<Expression> columns;
};

/// `map.in` as it is written: one expression, a list of them, or names to either.
struct InputMap {
  bool named = false;
  Place place;
  std::vector<MappedInput> inputs;
};

/// `map.out`: the prefix of all outputs' names, or names to expressions over the outputs.
struct OutputMap {
  bool named = false;
  Place place;
  std::string prefix;
  Named<Expression> fields;
};

struct ModelMap {
  InputMap in;
  OutputMap out;
};

template <>
struct FieldTraits<InputMap> {
  static void describe(FieldInfo& info) {
    info.type = "expression, list of expression, or map of names to them";
  }
  static void read(const ConfigNode& node, InputMap& value, ReadContext& context);
  static std::string show(const InputMap&) { return {}; }
  static void expressions(InputMap& value, const std::function<void(Expression&)>& visit);
};
template <>
struct FieldTraits<OutputMap> {
  static void describe(FieldInfo& info) { info.type = "text, or map of names to expression"; }
  static void read(const ConfigNode& node, OutputMap& value, ReadContext& context);
};

/// The columns a model is given, in its order; `counts` of them for each input.
struct ModelColumns {
  std::vector<Expression> columns;
  std::vector<std::uint32_t> counts;
};

/// Compares the mapping with what the model wants: names, types, shapes. Nothing, with every problem at its
/// place, where they differ.
std::optional<ModelColumns> fit_inputs(const InputMap& map, const ModelSignature& signature,
                                       Describe& describe);

}  // namespace leat
