#include "infer/selection/selection_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "infer/infer_options.hpp"

namespace leat {
namespace {

/// What `infer` has for a model in this process.
const std::vector<FieldSpec>& fallback_fields() {
  static const std::vector<FieldSpec> fields = [] {
    constexpr std::string_view kNames[] = {"engine",  "model",   "version",     "map",
                                           "on_null", "threads", "labels",      "activation",
                                           "tokens",  "rules",   "positive_at", "negative_at"};
    std::vector<FieldSpec> some;
    const Fields<InferConfig> all = infer_fields();
    std::ranges::copy_if(all.list(), std::back_inserter(some), [&](const FieldSpec& field) {
      return std::ranges::find(kNames, field.info.name) != std::end(kNames);
    });
    return some;
  }();
  return fields;
}

Fields<ShadowOption> shadow_fields() {
  using C = ShadowOption;
  return {optional("engine", &C::engine, "Default: the actor's."),
          optional("model", &C::model, "Name or path; default: the actor's."),
          optional("version", &C::version, "Of a versioned folder; default: its current."),
          optional("tolerance", &C::tolerance, "Numbers that differ by no more agree.")};
}

}  // namespace

void FieldTraits<Times>::read(const ConfigNode& node, Times& value, ReadContext& context) {
  std::string text;
  FieldTraits<std::string>::read(node, text, context);
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value.factor);
  if (error == std::errc() && std::string_view(at, end) == "x" && value.factor > 0) return;
  value.factor = 1;
  context.diagnostics().error(Code::bad_value, node.place,
                              fmt::format("`{}` is not a factor; write `2x`", text));
}

std::string FieldTraits<Times>::show(const Times& value) {
  return fmt::format("{}x", value.factor);
}

void FieldTraits<OtherwiseOption>::read(const ConfigNode& node, OtherwiseOption& value,
                                        ReadContext& context) {
  if (node.kind == ConfigNode::Kind::map) {
    value.engine = std::make_shared<InferConfig>();
    return read_fields(node, fallback_fields(), value.engine.get(), context);
  }
  value.port = node.kind == ConfigNode::Kind::scalar && node.scalar == "port";
  if (value.port) return;
  const std::string names[] = {"port"};
  context.diagnostics().error(Code::bad_value, node.place,
                              "`otherwise` is `port`, or a map with an engine, a model and a map",
                              suggest(node.scalar, names));
}

void FieldTraits<OtherwiseOption>::expressions(OtherwiseOption& value,
                                               const std::function<void(Expression&)>& visit) {
  if (value.engine == nullptr) return;
  for (const FieldSpec& field : fallback_fields())
    if (field.expressions)
      field.expressions(value.engine.get(),
                        [&](Expression& expression, std::optional<Type>) { visit(expression); });
}

void FieldTraits<ShadowOption>::read(const ConfigNode& node, ShadowOption& value, ReadContext& context) {
  static const Fields<ShadowOption> fields = shadow_fields();
  value.place = node.place;
  read_fields(node, fields.list(), &value, context);
  value.path = context.resolve(value.model);
}

Fields<CanaryOptions> canary_fields() {
  using C = CanaryOptions;
  using R = RollbackOptions;
  return {
      required("version", &C::version, "The version on trial, of the actor's versioned folder."),
      optional("share", &C::share, "Share of the keys whose rows it answers."),
      required("key", &C::key, "Rows with the same key are answered by the same version.").example("card"),
      group(
          "rollback", &C::rollback,
          Fields<R>{optional("errors", &R::errors, "It goes back when it fails on more of its rows."),
                    optional("latency", &R::latency,
                             "It goes back when the median of its calls takes longer than so many times the "
                             "current version's."),
                    optional("after", &R::after, "How many of its rows are judged at a time.")},
          "When it goes back by itself. Default: when it fails on more than 2 % of 1000 rows."),
  };
}

}  // namespace leat
