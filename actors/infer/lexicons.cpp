#include "infer/lexicons.hpp"

#include <fmt/format.h>

#include <leat/batch_builder.hpp>

#include "infer/lexicon_finance.hpp"
#include "infer/lexicon_vader.hpp"

namespace leat {
namespace {

/// A lexicon with a label by its score before its other outputs.
class LabelledLexicon final : public Model {
 public:
  LabelledLexicon(ModelIdentity identity, std::unique_ptr<const Model> lexicon, const LexiconOptions& options)
      : Model(std::move(identity)), lexicon_(std::move(lexicon)), options_(options) {
    signature_ = lexicon_->signature();
    std::vector<Field> outputs{{"label", Type::string}};
    for (const Field& field : signature_.outputs->fields()) outputs.push_back(field);
    signature_.outputs = Schema::make(std::move(outputs));
  }
  const ModelSignature& signature() const override { return signature_; }
  Result<Prediction> predict(std::span<const Column> columns,
                             std::span<const std::uint32_t> counts) const override {
    LEAT_TRY_ASSIGN(Prediction scored, lexicon_->predict(columns, counts));
    std::vector<Column> outputs{labels(scored.outputs.column(0))};
    for (const Column& column : scored.outputs.columns()) outputs.push_back(column);
    return Prediction{Batch(signature_.outputs, outputs, scored.outputs.row_count()), {}};
  }

 private:
  Column labels(const Column& scores) const {
    static const SchemaPtr schema = Schema::make({{"label", Type::string, true}});
    BatchBuilder labels(schema);
    for (std::uint32_t row = 0; row < scores.row_count(); ++row)
      if (scores.is_null(row))
        labels.add(std::nullopt);
      else
        labels.add(scores.float64(row) >= options_.positive_at   ? "positive"
                   : scores.float64(row) <= options_.negative_at ? "negative"
                                                                 : "neutral");
    return labels.finish().column(0);
  }

  std::unique_ptr<const Model> lexicon_;
  LexiconOptions options_;
  ModelSignature signature_;
};

}  // namespace

Result<ModelPtr> load_lexicon(const ModelFile& file, const LexiconOptions& options) {
  auto entries = words::read_lexicon(file.path());
  if (!entries) {
    Error error = std::move(entries).error();
    if (error.code == Code::model_missing && file.built_in)
      error.message += "; `scripts/bootstrap` fetches it";
    return fail(error.code, std::move(error.message), std::move(error.place));
  }
  std::unique_ptr<const Model> lexicon;
  if (options.rules == LexiconRules::vader ||
      (options.rules == LexiconRules::automatic && file.built_in && file.identity.name == "vader"))
    lexicon = std::make_unique<const VaderLexicon>(*entries);
  else
    lexicon = std::make_unique<const WordSumLexicon>(*entries);
  return std::make_shared<const LabelledLexicon>(file.identity, std::move(lexicon), options);
}

}  // namespace leat
