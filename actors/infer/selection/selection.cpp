#include "infer/selection/selection.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "infer/selection/described_at.hpp"

namespace leat {
namespace {

/// The fallback's columns in the places of the engine's, by name; told at the mapping where they differ.
std::optional<std::vector<std::size_t>> order_of(const std::vector<Field>& wanted,
                                                 const std::vector<Field>& given, Describe& describe) {
  const Place place = describe.place_of("map.out");
  std::vector<std::size_t> order;
  bool good = true;
  const auto problem = [&](std::string message) {
    describe.problem(Code::model_mismatch, place, std::move(message));
    good = false;
  };
  for (const Field& field : wanted) {
    const auto found = std::ranges::find(given, field.name, &Field::name);
    if (found == given.end())
      problem(
          fmt::format("the engine gives `{}`, and `otherwise` does not; name it under `out`", field.name));
    else if (found->type != field.type)
      problem(fmt::format("`{}` is {} from the engine, and {} from `otherwise`", field.name,
                          to_text(field.type), to_text(found->type)));
    else
      order.push_back(static_cast<std::size_t>(found - given.begin()));
  }
  for (const Field& field : given)
    if (std::ranges::find(wanted, field.name, &Field::name) == wanted.end())
      problem(fmt::format("`otherwise` gives `{}`, and the engine does not", field.name));
  return good ? std::optional(std::move(order)) : std::nullopt;
}

}  // namespace

bool describe_otherwise(const InferConfig& config, const Answers& answers, std::vector<Field>& fields,
                        Otherwise& otherwise, Describe& describe) {
  otherwise.port = config.otherwise.port;
  if (!otherwise.port) describe.silent(InferPorts::otherwise);
  if (config.otherwise.engine == nullptr) return true;
  const InferConfig& own = *config.otherwise.engine;
  DescribedAt inside(
      describe, [&](std::string_view path) { return describe.place_of("otherwise." + std::string(path)); });
  if (own.engine == "remote") {
    inside.problem(
        Code::bad_value, inside.place_of("engine"),
        "`otherwise` answers in this process; `otherwise: port` leads rows to an actor that asks elsewhere");
    return false;
  }
  const MappedModel mapped = map_model(own, inside);
  if (mapped.model == nullptr || !own.map) return false;
  const std::optional<Answers> made = Answers::make(own.map->out, mapped.model->signature().outputs,
                                                    answers.answered_by(), mapped.nulls, inside);
  if (!made || !mapped.inputs) return false;
  std::optional<std::vector<std::size_t>> order = order_of(fields, made->fields(), inside);
  if (!order) return false;
  for (std::size_t at = 0; at < fields.size(); ++at)
    fields[at].nullable = fields[at].nullable || made->fields()[(*order)[at]].nullable;
  otherwise.engine = std::make_shared<const Fallback>(Fallback{
      std::make_shared<ModelSlot>(mapped.model, own.source, model_options(own)),
      own.version ? Duration() : config.watch, *mapped.inputs, *made, *std::move(order), own.on_null});
  return true;
}

bool describe_shadows(const InferConfig& config, const SchemaPtr& outputs, std::vector<ShadowModel>& shadows,
                      Describe& describe) {
  bool good = true;
  for (const ShadowOption& option : config.shadow) {
    DescribedAt here(describe, [&](std::string_view) { return option.place; });
    InferConfig own;
    if (option.engine.empty() || option.engine == config.engine) {
      own = config;
    } else {
      own.engine = option.engine;
      own.map = config.map;
      own.on_null = config.on_null;
      own.source = config.source;
    }
    if (!option.model.empty()) {
      const bool path = option.model.find_first_of("/.") != std::string::npos;
      own.source = {path ? "" : option.model, path ? option.path : ""};
    }
    own.version = option.version;
    if (own.engine == "remote") {
      here.problem(Code::bad_value, option.place,
                   "a shadow answers in this process; say which `engine` it has");
      good = false;
      continue;
    }
    const MappedModel mapped = map_model(own, here);
    if (mapped.model == nullptr || !mapped.inputs) {
      good = false;
      continue;
    }
    if (!comparable(*outputs, *mapped.model->signature().outputs)) {
      here.problem(Code::model_mismatch, option.place,
                   fmt::format("it gives {}, and the engine {}: nothing of one name and type to compare",
                               mapped.model->signature().outputs->text(), outputs->text()));
      good = false;
    }
    shadows.push_back({mapped.model, *mapped.inputs, option.tolerance});
  }
  return good;
}

bool describe_canary(const InferConfig& config, const ModelPtr& current, Selection& selection,
                     Describe& describe) {
  if (!config.canary) return true;
  const CanaryOptions& options = *config.canary;
  bool good = true;
  const auto problem = [&](const char* option, std::string message) {
    describe.problem(Code::bad_value, describe.place_of(option), std::move(message));
    good = false;
  };
  if (current->identity().version.empty())
    problem("canary", "a canary is a version beside another: `model` must be a versioned folder");
  if (options.share.share <= 0 || options.share.share > 0.5)
    problem("canary.share", "`share` is more than 0 and at most 50%");
  if (options.rollback && options.rollback->after.count == 0)
    problem("canary.rollback.after", "`after` is at least 1 row");
  if (!good) return false;
  InferConfig own = config;
  own.version = options.version;
  DescribedAt here(describe, [&](std::string_view) { return describe.place_of("canary.version"); });
  const MappedModel mapped = map_model(own, here);
  if (mapped.model == nullptr) return false;
  if (const Status same = same_signature(current->signature(), mapped.model->signature()); !same) {
    here.problem(same.error().code, here.place_of({}), same.error().message);
    return false;
  }
  if (mapped.model->identity().file == current->identity().file)
    describe.warning(Code::bad_value, here.place_of({}),
                     fmt::format("version {} is current already; make the one before it so, with `leat model "
                                 "swap`, or take `canary` away",
                                 options.version));
  CanaryWatch::Limits limits{.errors = 0.02};
  if (const std::optional<RollbackOptions>& rollback = options.rollback) {
    limits.errors = rollback->errors ? std::optional(rollback->errors->share) : std::nullopt;
    limits.latency = rollback->latency ? std::optional(rollback->latency->factor) : std::nullopt;
    limits.after = rollback->after.count;
  }
  selection.canary = std::make_shared<Canary>(mapped.model, options.share.share, limits);
  selection.canary_key = options.key;
  return true;
}

}  // namespace leat
