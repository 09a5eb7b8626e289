#include "infer/infer_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "infer/onnx_session.hpp"
#include "infer/selection/selection.hpp"
#include "infer/text_input.hpp"

namespace leat {
namespace {

FieldSpec map_field() {
  FieldSpec spec = group("map", &InferConfig::map,
                         Fields<ModelMap>{optional("in", &ModelMap::in,
                                                   "What the model reads: one expression, a list of them in "
                                                   "the model's order, or its inputs by name "
                                                   "(each with an expression or a list). Required, "
                                                   "except with `protocol: template`."),
                                          required("out", &ModelMap::out,
                                                   "A prefix: each output becomes a column `<out>_<name>`. "
                                                   "Or names of new columns with expressions "
                                                   "over the model's outputs.")},
                         "What the model reads and where its answers go.");
  spec.info.required = true;
  spec.info.example = "{ in: title, out: sentiment }";
  return spec;
}

FieldSpec engine_field() {
  FieldSpec engine = required("engine", &InferConfig::engine, "What runs the model.");
  engine.info.choices.assign(model_engines().begin(), model_engines().end());
  engine.info.choices.emplace_back("remote");
  engine.info.type = "one of lexicon, ngram, onnx, xgboost, remote";
  return engine;
}

bool check_engine(const InferConfig& config, Describe& describe) {
  if (std::ranges::find(model_engines(), config.engine) != model_engines().end()) return true;
  if (config.engine == "remote") return true;
  if (!config.engine.empty())
    describe.problem(
        Code::bad_value, describe.place_of("engine"),
        fmt::format("`{}` is not an engine; lexicon, ngram, onnx, xgboost and remote are", config.engine),
        suggest(config.engine, model_engines()));
  return false;
}

/// Options that mean nothing to the engine are mistakes.
bool check_options(const InferConfig& config, Describe& describe) {
  struct Option {
    const char* name;
    bool given;
    std::string_view engines;
  };
  const Option options[] = {
      {"rules", config.rules != LexiconRules::automatic, "lexicon"},
      {"positive_at", config.positive_at.has_value(), "lexicon"},
      {"negative_at", config.negative_at.has_value(), "lexicon"},
      {"threads", config.threads.count != 1, "onnx xgboost"},
      {"labels", !config.labels.empty(), "ngram onnx xgboost"},
      {"activation", config.activation != Activation::automatic, "onnx"},
      {"tokens", config.tokens.has_value(), "onnx"},
      {"model", !config.source.name.empty() || !config.source.path.empty(), "lexicon ngram onnx xgboost"},
      {"version", config.version.has_value(), "lexicon ngram onnx xgboost"},
      {"endpoint", config.endpoint.has_value(), "remote"},
      {"in_flight", config.in_flight.has_value(), "remote"},
      {"timeout", config.timeout.has_value(), "remote"},
      {"retry", config.retry.has_value(), "remote"},
      {"breaker", config.breaker.has_value(), "remote"},
      {"max_age", config.max_age.has_value(), "remote"},
      {"order", config.order.has_value(), "remote"},
      {"queue", config.queue.has_value(), "remote"},
      {"canary", config.canary.has_value(), "ngram onnx xgboost"},
  };
  bool good = true;
  for (const Option& option : options) {
    if (!option.given || option.engines.find(config.engine) != std::string_view::npos) continue;
    describe.problem(Code::bad_value, describe.place_of(option.name),
                     fmt::format("`{}` means nothing to engine `{}`", option.name, config.engine));
    good = false;
  }
  const double positive = config.positive_at.value_or(LexiconOptions{}.positive_at);
  const double negative = config.negative_at.value_or(LexiconOptions{}.negative_at);
  if (positive <= negative) {
    describe.problem(Code::bad_value, describe.place_of("positive_at"),
                     fmt::format("`positive_at` ({}) must be above `negative_at` ({})", positive, negative));
    good = false;
  }
  return good;
}

/// Null after reporting why there is no model.
ModelPtr open_model(const InferConfig& config, Describe& describe) {
  const Place place = describe.place_of("model");
  if (config.source.name.empty() && config.source.path.empty()) {
    describe.problem(Code::missing_key, place, fmt::format("engine `{}` needs a `model`", config.engine));
    return nullptr;
  }
  const bool known =
      std::ranges::find(built_in_lexicons(), config.source.name) != built_in_lexicons().end() &&
      config.engine == "lexicon";
  if (!config.source.name.empty() && !known) {
    if (config.engine == "lexicon")
      describe.problem(Code::bad_value, place,
                       fmt::format("there is no built-in model `{}`", config.source.name),
                       suggest(config.source.name, built_in_lexicons()),
                       "built in: finance, vader; a path has a `/` in it");
    else
      describe.problem(Code::bad_value, place,
                       fmt::format("engine `{}` has no built-in models; `{}` is no path", config.engine,
                                   config.source.name),
                       "", "a path has a `/` in it");
    return nullptr;
  }
  const Result<ModelFile> file = find_model(config.source, config.engine, config.version);
  Result<ModelPtr> model = file ? load_model(*file, model_options(config)) : Failure(file.error());
  if (model) return *std::move(model);
  const Error& error = model.error();
  describe.problem(error.code, place,
                   error.place.empty() ? error.message : fmt::format("{}: {}", error.place, error.message));
  return nullptr;
}

bool nullable(const ModelColumns& inputs) {
  return std::ranges::any_of(inputs.columns, [](const Expression& column) { return column.nullable(); });
}

bool check_missing(const InferConfig& config, const ModelSignature& signature, Describe& describe) {
  if (config.on_null != NullInput::missing) return true;
  for (const ModelInput& input : signature.inputs)
    if (input.type != Type::float64) {
      describe.problem(
          Code::bad_value, describe.place_of("on_null"),
          fmt::format("`on_null: missing` gives the model NaN, and its input `{}` {} cannot be that",
                      input.name, input.wants));
      return false;
    }
  return true;
}

MicroBatch::Limits limits_of(const InferConfig& config, const ModelSignature& signature, Describe& describe) {
  MicroBatch::Limits limits{signature.batch_rows, {}, config.deadline};
  if (config.batch && config.batch->max) {
    if (config.batch->max->count == 0 || config.batch->max->count > Batch::kRowsMax)
      describe.problem(Code::bad_value, describe.place_of("batch.max"),
                       fmt::format("`max` is from 1 to {} rows", Batch::kRowsMax));
    else
      limits.rows_max = static_cast<std::uint32_t>(config.batch->max->count);
  }
  if (config.batch) limits.delay = config.batch->delay;
  if (limits.delay.count() < 0)
    describe.problem(Code::bad_value, describe.place_of("batch.delay"), "`delay` is not negative");
  if (config.deadline && config.deadline->count() <= 0)
    describe.problem(Code::bad_value, describe.place_of("deadline"), "`deadline` is more than no time");
  return limits;
}

}  // namespace

void FieldTraits<CallThreads>::read(const ConfigNode& node, CallThreads& value, ReadContext& context) {
  const std::size_t before = context.diagnostics().error_count();
  FieldTraits<std::uint32_t>::read(node, value.count, context);
  if (context.diagnostics().error_count() != before) return;
  if (value.count >= 1 && value.count <= 256) return announce_onnx_threads(value.count);
  context.diagnostics().error(Code::bad_value, node.place, "`threads` is from 1 to 256");
  value.count = 1;
}

void FieldTraits<ModelSource>::read(const ConfigNode& node, ModelSource& value, ReadContext& context) {
  std::string text;
  FieldTraits<std::string>::read(node, text, context);
  if (text.find_first_of("/.") == std::string::npos)
    value.name = std::move(text);
  else
    value.path = context.resolve(text);
}

Fields<InferConfig> infer_fields() {
  using C = InferConfig;
  using B = BatchOptions;
  const Fields<B> batch{
      optional("max", &B::max,
               "Most rows of one call. Default: 256 for numbers, 32 for a text model, 4096 for a lexicon."),
      optional("delay", &B::delay, "Longest that rows wait for others to share a call with; 0s: not at all."),
  };
  return {
      engine_field(),
      optional(
          "model", &C::source,
          "Required, except with engine `remote`: the path of a model: a file, a folder with one, or a "
          "versioned "
          "folder (docs/models.md). For a "
          "lexicon also `finance` (AFINN for market news, a sum of word scores) or `vader` (a score from -1 "
          "to "
          "1).")
          .example("finance"),
      optional("version", &C::version,
               "The version of a versioned folder; default: its `current`, else the greatest."),
      optional("watch", &C::watch,
               "How often a versioned folder is looked into for a new version, which takes the place of the "
               "old one between two calls; 0s: never. Not with `version`."),
      map_field(),
      optional(
          "answered_by", &C::answered_by,
          "Column that says which engine, model and version answered, as `xgboost/risk@3`; `none`: no such "
          "column. Default: `<out>_model`, or `answered_by` where `out` is a map."),
      choice("on_null", &C::on_null,
             {{"reject", NullInput::reject}, {"keep", NullInput::keep}, {"missing", NullInput::missing}},
             "A row with a null among what the model reads goes to `errors`, goes on with null answers, or "
             "is given "
             "to the model as NaN (numbers only; what XGBoost takes for missing)."),
      group("batch", &C::batch, batch, "How rows share calls; see docs/inference.md."),
      optional(
          "deadline", &C::deadline,
          "Time a row may take from where it entered the topology to its answer: a call is begun early "
          "enough "
          "for the tightest of the rows that wait. remote: from when it came here, over waiting, attempts "
          "and pauses; then it goes to `errors`. Default there: 30s."),
      optional(
          "threads", &C::threads,
          "onnx, xgboost: threads of one call. 1: the worker's own. More come from one pool per process."),
      optional("labels", &C::labels,
               "ngram, onnx, xgboost: names of the classes, in the model's order. Adds label, score (of that "
               "label) and "
               "probabilities. A text model's config.json has them already."),
      choice("activation", &C::activation,
             {{"auto", Activation::automatic},
              {"none", Activation::none},
              {"softmax", Activation::softmax},
              {"sigmoid", Activation::sigmoid}},
             "onnx: what makes probabilities of the classes' values; auto: softmax for texts (sigmoid, if "
             "config.json "
             "says that labels are independent), none for numbers."),
      optional("tokens", &C::tokens,
               "onnx: most tokens of a text; the rest is cut off. Default: what the model takes."),
      choice("rules", &C::rules,
             {{"auto", LexiconRules::automatic}, {"sum", LexiconRules::sum}, {"vader", LexiconRules::vader}},
             "lexicon: how words make a score; auto: VADER's rules for `vader`, else their sum."),
      optional("positive_at", &C::positive_at,
               "lexicon: label `positive` from this score on. Default: 0.05."),
      optional("negative_at", &C::negative_at, "lexicon: label `negative` up to this score. Default: -0.05."),
      group("endpoint", &C::endpoint, endpoint_fields(), "remote: whom to ask, and how."),
      optional("in_flight", &C::in_flight, "remote: most requests under way at once. Default: 100."),
      optional("timeout", &C::timeout, "remote: time for one attempt. Default: 10s."),
      group("retry", &C::retry, retry_fields(), "remote: when a request is tried again."),
      group(
          "breaker", &C::breaker, breaker_fields(),
          "remote: leaves an endpoint alone that mostly fails; rows go to `errors` at once. Default: none."),
      optional("max_age", &C::max_age,
               "remote: rows that entered the topology longer ago are not asked about and go to `late`."),
      optional(
          "order", &C::order,
          "remote: in which order answers go on: as they come, as their rows came, or so within each key. "
          "Answers wait for it, requests do not. Default: none."),
      optional(
          "queue", &C::queue,
          "remote: most rows held: waiting, asked about, or answered and waiting for their order. Beyond it "
          "whoever sends rows waits. Default: 10k rows."),
      optional(
          "otherwise", &C::otherwise,
          "What becomes of rows that the engine could not answer: `port`, they go out of the port "
          "`otherwise` as they came; or `{ engine, model, map, ... }`, which answers in this process with "
          "the same output fields. Default: they go to `errors`.")
          .example("{ engine: lexicon, model: finance, map: { in: title, out: sentiment } }"),
      optional(
          "shadow", &C::shadow,
          "Other models that are asked about the same rows, off the main path, to see how far they agree: "
          "a list of `{ engine, model, version, tolerance }`."),
      group("canary", &C::canary, canary_fields(),
            "Another version that answers a share of the rows, and goes back by itself when it does badly.")};
}

ModelOptions model_options(const InferConfig& config) {
  ModelOptions options;
  options.lexicon = {config.rules, config.positive_at.value_or(LexiconOptions{}.positive_at),
                     config.negative_at.value_or(LexiconOptions{}.negative_at)};
  options.readout = {config.labels, config.activation};
  options.threads = config.threads.count;
  options.tokens = config.tokens;
  return options;
}

MappedModel map_model(const InferConfig& config, Describe& describe) {
  MappedModel mapped;
  if (!check_engine(config, describe) || !check_options(config, describe)) return mapped;
  mapped.model = open_model(config, describe);
  if (!config.map || mapped.model == nullptr) return mapped;
  const ModelSignature& signature = mapped.model->signature();
  if (!config.map->in.place.known())
    describe.problem(Code::missing_key, describe.place_of("map"), "`map` needs `in`: what the model reads");
  mapped.inputs = fit_inputs(config.map->in, signature, describe);
  mapped.nulls = mapped.inputs && config.on_null == NullInput::keep && nullable(*mapped.inputs);
  if (!check_missing(config, signature, describe)) mapped.inputs.reset();
  return mapped;
}

void describe_infer(InferConfig& config, Describe& describe) {
  if (!config.max_age) describe.silent(InferPorts::late);
  if (config.engine == "remote") {
    if (check_options(config, describe)) describe_remote(config, describe);
    return;
  }
  const MappedModel mapped = map_model(config, describe);
  if (!config.map || mapped.model == nullptr) return;
  const ModelSignature& signature = mapped.model->signature();
  const MicroBatch::Limits limits = limits_of(config, signature, describe);
  std::optional<Answers> answers =
      Answers::make(config.map->out, signature.outputs, config.answered_by, mapped.nulls, describe);
  if (!answers) return;
  const auto selection = std::make_shared<Selection>();
  std::vector<Field> fields = answers->fields();
  bool good = describe_otherwise(config, *answers, fields, selection->otherwise, describe);
  good = describe_shadows(config, signature.outputs, selection->shadows, describe) && good;
  good = describe_canary(config, mapped.model, *selection, describe) && good;
  const SchemaPtr schema = with_answers(fields, describe);
  if (schema == nullptr || !mapped.inputs || !good) return;
  describe.output(InferPorts::out, schema);
  if (config.version) config.watch = {};
  config.plan = std::make_shared<const InferPlan>(
      InferPlan{std::make_shared<ModelSlot>(mapped.model, config.source, model_options(config)),
                *mapped.inputs, *std::move(answers), limits, selection});
}

}  // namespace leat
