#include "infer/model_map.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

void read_columns(const ConfigNode& node, std::vector<Expression>& columns, ReadContext& context) {
  if (node.kind != ConfigNode::Kind::list)
    return FieldTraits<Expression>::read(node, columns.emplace_back(), context);
  if (node.items.empty()) return detail::wrong_type(node, "at least one expression", context);
  for (const ConfigNode& item : node.items)
    FieldTraits<Expression>::read(item, columns.emplace_back(), context);
}

bool fits(Type wanted, Type given) {
  if (given == wanted) return true;
  if (wanted == Type::float64)
    return given == Type::int64 || given == Type::boolean || given == Type::float32_list;
  return wanted == Type::int64 && given == Type::boolean;
}

std::string names_of(const std::vector<ModelInput>& inputs) {
  std::string text;
  for (const ModelInput& input : inputs)
    text += fmt::format("{}`{}` {}", text.empty() ? "" : ", ", input.name, input.wants);
  return text;
}

class Fitting {
 public:
  Fitting(const InputMap& map, const ModelSignature& signature, Describe& describe)
      : map_(map), inputs_(signature.inputs), describe_(describe) {}

  std::optional<ModelColumns> fit() {
    if (!map_.named) {
      if (inputs_.size() != 1)
        problem(map_.place,
                fmt::format("the model wants {} inputs: {}; the mapping gives one", inputs_.size(),
                            names_of(inputs_)),
                "write `in: { NAME: EXPRESSION, ... }`");
      else
        take(inputs_[0], map_.inputs[0]);
    } else if (inputs_.size() == 1 && !inputs_[0].features.empty() && find(inputs_[0].name) == nullptr) {
      take_features(inputs_[0]);
    } else {
      take_named();
    }
    return good_ ? std::optional(std::move(fitted_)) : std::nullopt;
  }

 private:
  void problem(const Place& place, std::string message, std::string suggestion = {}, std::string note = {}) {
    describe_.problem(Code::model_mismatch, place, std::move(message), std::move(suggestion),
                      std::move(note));
    good_ = false;
  }

  static bool one_list(const MappedInput& mapped) {
    return mapped.columns.size() == 1 && mapped.columns[0].bound() &&
           mapped.columns[0].type() == Type::float32_list;
  }

  const MappedInput* find(std::string_view name) const {
    const auto found = std::ranges::find(map_.inputs, name, &MappedInput::name);
    return found == map_.inputs.end() ? nullptr : &*found;
  }

  /// One input of the model from one entry of the mapping.
  void take(const ModelInput& input, const MappedInput& mapped) {
    for (const Expression& column : mapped.columns) {
      if (!column.bound()) {
        good_ = false;  // told already
        return;
      }
      if (!fits(input.type, column.type()))
        problem(column.place(), fmt::format("the model wants `{}`, {}; the mapping gives {}", input.name,
                                            input.wants, to_text(column.type())));
    }
    const auto given = static_cast<std::uint32_t>(mapped.columns.size());
    if (one_list(mapped)) {
      add(mapped.columns);  // its length is known row by row
    } else if (std::ranges::any_of(mapped.columns, [](const Expression& column) {
                 return column.type() == Type::float32_list;
               })) {
      problem(
          mapped.place,
          fmt::format("`{}` is filled by columns of one value each, or by one list<float32>", input.name));
    } else if (input.width != 0 && given != input.width) {
      problem(mapped.place,
              fmt::format("the model wants `{}`, {}, {} value{} per row; the mapping gives {}", input.name,
                          input.wants, input.width, input.width == 1 ? "" : "s", given),
              "", input.features.empty() ? "" : fmt::format("in this order: {}", joined(input.features)));
    } else {
      add(mapped.columns);
    }
  }

  void add(const std::vector<Expression>& columns) {
    fitted_.columns.insert(fitted_.columns.end(), columns.begin(), columns.end());
    fitted_.counts.push_back(static_cast<std::uint32_t>(columns.size()));
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  void refuse_unknown(const std::vector<std::string>& known) {
    for (const MappedInput& mapped : map_.inputs)
      if (std::ranges::find(known, mapped.name) == known.end())
        problem(mapped.place, fmt::format("the model has no input `{}`", mapped.name),
                suggest(mapped.name, known), fmt::format("it wants: {}", joined(known)));
  }

  /// Whether an unknown name of the mapping was meant to be this one: that is told already.
  bool misspelt(const std::string& name, const std::vector<std::string>& known) const {
    const std::string wanted = fmt::format("did you mean `{}`?", name);
    return std::ranges::any_of(map_.inputs, [&](const MappedInput& mapped) {
      return std::ranges::find(known, mapped.name) == known.end() && suggest(mapped.name, known) == wanted;
    });
  }

  /// The model names the values of its one input: in whatever order they are mapped.
  void take_features(const ModelInput& input) {
    refuse_unknown(input.features);
    MappedInput all{input.name, map_.place, {}};
    for (const std::string& feature : input.features) {
      const MappedInput* mapped = find(feature);
      if (mapped == nullptr && misspelt(feature, input.features))
        good_ = false;
      else if (mapped == nullptr)
        problem(map_.place, fmt::format("the model wants `{}`; the mapping does not have it", feature));
      else if (mapped->columns.size() != 1 || one_list(*mapped))
        problem(mapped->place, fmt::format("`{}` is one value per row", feature));
      else
        all.columns.push_back(mapped->columns[0]);
    }
    if (good_) take(input, all);
  }

  void take_named() {
    std::vector<std::string> known;
    for (const ModelInput& input : inputs_) known.push_back(input.name);
    refuse_unknown(known);
    for (const ModelInput& input : inputs_)
      if (const MappedInput* mapped = find(input.name))
        take(input, *mapped);
      else if (misspelt(input.name, known))
        good_ = false;
      else
        problem(map_.place, fmt::format("the model wants `{}`, {}; the mapping does not have it", input.name,
                                        input.wants));
  }

  const InputMap& map_;
  const std::vector<ModelInput>& inputs_;
  Describe& describe_;
  ModelColumns fitted_;
  bool good_ = true;
};

}  // namespace

void FieldTraits<InputMap>::read(const ConfigNode& node, InputMap& value, ReadContext& context) {
  value = {};
  value.place = node.place;
  value.named = node.kind == ConfigNode::Kind::map;
  if (!value.named) {
    read_columns(node, value.inputs.emplace_back(MappedInput{{}, node.place, {}}).columns, context);
    return;
  }
  for (const ConfigNode::Entry& entry : node.entries)
    read_columns(entry.value, value.inputs.emplace_back(MappedInput{entry.key, entry.key_place, {}}).columns,
                 context);
  if (node.entries.empty()) detail::wrong_type(node, "at least one input", context);
}

void FieldTraits<InputMap>::expressions(InputMap& value, const std::function<void(Expression&)>& visit) {
  for (MappedInput& input : value.inputs)
    for (Expression& column : input.columns)
      if (!column.empty()) visit(column);
}

void FieldTraits<OutputMap>::read(const ConfigNode& node, OutputMap& value, ReadContext& context) {
  value = {};
  value.place = node.place;
  value.named = node.kind == ConfigNode::Kind::map;
  if (value.named)
    FieldTraits<Named<Expression>>::read(node, value.fields, context);
  else
    FieldTraits<std::string>::read(node, value.prefix, context);
}

std::optional<ModelColumns> fit_inputs(const InputMap& map, const ModelSignature& signature,
                                       Describe& describe) {
  if (map.inputs.empty()) return std::nullopt;  // told when it was read
  return Fitting(map, signature, describe).fit();
}

}  // namespace leat
