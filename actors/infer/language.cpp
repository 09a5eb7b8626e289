#include "infer/language.hpp"

#include "infer/language_rules.hpp"
#include "infer/text_input.hpp"

namespace leat {
namespace {

struct InferLanguageConfig {
  std::optional<TextMap> map;
  OnNull on_null = OnNull::reject;
  ModelPtr model;
};

/// Adds a column `<out>`: "en" for English text, "other" for any other language, by the rules of
/// LanguageRules. Holds nothing per row.
class InferLanguage final : public Actor {
 public:
  using Config = InferLanguageConfig;
  static constexpr KindInfo kind{"infer.language",
                                 "Tells English text from text in other languages, by rules.",
                                 "map: { in: title, out: detected }\n"};
  static constexpr Port in{0, "in", "Rows with a text."};
  static constexpr Port out{0, "out", "The rows with their language: `en` or `other`."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);

  static Fields<Config> fields() {
    return {text_map_field<Config>("Name of the new column."), on_null_field<Config>()};
  }

  static void describe(Config& config, Describe& describe) {
    config.model = std::make_shared<const LanguageRules>();
    if (!check_out(config.map, describe)) return;
    const bool nullable =
        config.on_null == OnNull::keep && config.map->in.bound() && config.map->in.nullable();
    const Field answer{config.map->out, Type::string, nullable};
    if (const SchemaPtr schema = with_answers({&answer, 1}, describe)) describe.output(out, schema);
  }

  explicit InferLanguage(Config config) : config_(std::move(config)) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    Texts texts = select_texts(config_.map->in, config_.on_null, batch, ctx);
    if (texts.rows.empty()) return {};
    LEAT_TRY_ASSIGN(Prediction prediction, config_.model->predict(texts.texts));
    reject_failed(texts, prediction, ctx);
    std::vector<Column> columns(texts.rows.columns().begin(), texts.rows.columns().end());
    columns.push_back(prediction.outputs.column(0));
    ctx.emit(out,
             Batch(ctx.output_schema(out), columns, texts.rows.row_count()).with_entered(batch.entered()));
    return {};
  }

 private:
  Config config_;
};

}  // namespace

void register_infer_language(Registry& registry) {
  registry.add<InferLanguage>();
}

}  // namespace leat
