#include "infer/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/batch_builder.hpp>

#include "infer/lexicons.hpp"
#include "infer/text_input.hpp"

namespace leat {

/// A model by name or by path; what has a `/` or a `.` is a path.
template <>
struct FieldTraits<ModelSource> {
  static void describe(FieldInfo& info) { info.type = "model name or path"; }
  static void read(const ConfigNode& node, ModelSource& value, ReadContext& context) {
    std::string text;
    FieldTraits<std::string>::read(node, text, context);
    if (text.find_first_of("/.") == std::string::npos)
      value.name = std::move(text);
    else
      value.path = context.resolve(text);
  }
  static std::string show(const ModelSource& value) { return value.path.empty() ? value.name : value.path; }
};

namespace {

struct InferTextConfig {
  std::string engine = "lexicon";
  ModelSource source;
  LexiconRules rules = LexiconRules::automatic;
  std::optional<TextMap> map;
  double positive_at = 0.05;
  double negative_at = -0.05;
  OnNull on_null = OnNull::reject;
  ModelPtr model;  ///< loaded by describe, shared by the instances
};

/// Scores one text per row. Adds `<out>_label` and one column per output of the model (`<out>_score` is the
/// first). Holds the model, and nothing per row. A row without a text goes to `errors`.
class InferText final : public Actor {
 public:
  using Config = InferTextConfig;
  static constexpr KindInfo kind{"infer.text",
                                 "Scores a text with a model and labels it positive, neutral or negative.",
                                 "engine: lexicon\nmodel: finance\nmap: { in: title, out: sentiment }\n"};
  static constexpr Port in{0, "in", "Rows with a text."};
  static constexpr Port out{0, "out", "The rows with label and scores."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit InferText(Config config) : config_(std::move(config)) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;

 private:
  Batch labels(const Column& scores) const;

  Config config_;
};

/// Engines of later versions, refused by name so that nobody looks for a spelling mistake.
constexpr std::string_view kLaterEngines[] = {"onnx", "xgboost", "remote"};

bool check_engine(const InferTextConfig& config, Describe& describe) {
  if (config.engine == "lexicon") return true;
  const Place place = describe.place_of("engine");
  if (std::ranges::find(kLaterEngines, config.engine) != std::end(kLaterEngines)) {
    describe.problem(
        Code::feature_missing, place,
        fmt::format("engine `{}` is not part of this version; `engine: lexicon` is", config.engine));
    return false;
  }
  const std::string names[] = {"lexicon", "onnx", "xgboost", "remote"};
  describe.problem(Code::bad_value, place, fmt::format("`{}` is not an engine; `lexicon` is", config.engine),
                   suggest(config.engine, names));
  return false;
}

/// Answers with null after reporting why there is no model.
ModelPtr load_model(const InferTextConfig& config, Describe& describe) {
  const Place place = describe.place_of("model");
  if (!config.source.name.empty() &&
      std::ranges::find(built_in_lexicons(), config.source.name) == built_in_lexicons().end()) {
    describe.problem(
        Code::bad_value, place, fmt::format("there is no built-in model `{}`", config.source.name),
        suggest(config.source.name, built_in_lexicons()), "built in: finance, vader; a path has a `/` in it");
    return nullptr;
  }
  Result<ModelPtr> model = load_lexicon(config.source, config.rules);
  if (model) return *std::move(model);
  const Error& error = model.error();
  describe.problem(error.code, place, fmt::format("{}: {}", error.place, error.message));
  return nullptr;
}

/// `<out>_label`, then the model's outputs with `<out>_` before their names.
std::vector<Field> answers(const ModelSignature& signature, const std::string& out, bool nullable) {
  std::vector<Field> fields{{out + "_label", Type::string, nullable}};
  for (const Field& field : signature.outputs->fields())
    fields.push_back({out + "_" + field.name, field.type, field.nullable || nullable});
  return fields;
}

Fields<InferTextConfig> InferText::fields() {
  using C = InferTextConfig;
  FieldSpec engine = optional("engine", &C::engine, "What runs the model. Only `lexicon` in this version.");
  engine.info.choices = {"lexicon"};
  return {
      std::move(engine),
      required(
          "model", &C::source,
          "`finance` (AFINN for market news, a sum of word scores), `vader` (a score from -1 to 1), or the "
          "path of a lexicon: a .tsv file of word, tab, score, or a folder with a lexicon.tsv.")
          .example("finance"),
      text_map_field<C>(
          "Prefix of the new columns: `<out>_label`, `<out>_score` and what else the model gives."),
      optional("positive_at", &C::positive_at, "Label `positive` from this score on."),
      optional("negative_at", &C::negative_at, "Label `negative` up to this score."),
      choice("rules", &C::rules,
             {{"auto", LexiconRules::automatic}, {"sum", LexiconRules::sum}, {"vader", LexiconRules::vader}},
             "How a lexicon's words make a score; auto: VADER's rules for `vader`, else their sum."),
      on_null_field<C>()};
}

void InferText::describe(Config& config, Describe& describe) {
  if (config.positive_at <= config.negative_at)
    describe.problem(Code::bad_value, describe.place_of("positive_at"),
                     fmt::format("`positive_at` ({}) must be above `negative_at` ({})", config.positive_at,
                                 config.negative_at));
  if (check_engine(config, describe)) config.model = load_model(config, describe);
  if (!check_out(config.map, describe) || config.model == nullptr) return;
  const bool nullable = config.on_null == OnNull::keep && config.map->in.bound() && config.map->in.nullable();
  if (const SchemaPtr schema =
          with_answers(answers(config.model->signature(), config.map->out, nullable), describe))
    describe.output(out, schema);
}

Batch InferText::labels(const Column& scores) const {
  static const SchemaPtr schema = Schema::make({{"label", Type::string, true}});
  BatchBuilder labels(schema);
  for (std::uint32_t row = 0; row < scores.row_count(); ++row) {
    if (scores.is_null(row)) {
      labels.add(std::nullopt);
      continue;
    }
    const double score = scores.float64(row);
    labels.add(score >= config_.positive_at   ? "positive"
               : score <= config_.negative_at ? "negative"
                                              : "neutral");
  }
  return labels.finish();
}

Status InferText::on_batch(const Port&, const Batch& batch, Context& ctx) {
  Texts texts = select_texts(config_.map->in, config_.on_null, batch, ctx);
  if (texts.rows.empty()) return {};
  LEAT_TRY_ASSIGN(Prediction prediction, config_.model->predict(std::span(&texts.texts, 1)));
  reject_failed(texts, prediction, ctx);
  std::vector<Column> columns(texts.rows.columns().begin(), texts.rows.columns().end());
  columns.push_back(labels(prediction.outputs.column(0)).column(0));
  for (const Column& column : prediction.outputs.columns()) columns.push_back(column);
  ctx.emit(out, Batch(ctx.output_schema(out), columns, texts.rows.row_count()).with_entered(batch.entered()));
  return {};
}

}  // namespace

void register_infer_text(Registry& registry) {
  registry.add<InferText>();
}

}  // namespace leat
