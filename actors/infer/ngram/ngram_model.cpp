#include "infer/ngram/ngram_model.hpp"

#include <cstring>

#include "infer/ngram/ngram_weights.hpp"
#include "infer/tensor.hpp"

namespace leat {
namespace {

constexpr std::uint32_t kBatchRows = 4096;

class NgramModel final : public Model {
 public:
  NgramModel(ModelIdentity identity, NgramWeights weights, ReadoutOptions readout)
      : Model(std::move(identity)), weights_(std::move(weights)), readout_(std::move(readout)) {
    signature_.inputs = {{"text", Type::string, 1, "a text", {}}};
    signature_.outputs = Schema::make(readout_.labels.empty() ? std::vector<Field>{{"score", Type::float64}}
                                                              : readout_fields());
    signature_.batch_rows = kBatchRows;
  }

  const ModelSignature& signature() const override { return signature_; }

  Result<Prediction> predict(std::span<const Column> columns, std::span<const std::uint32_t>) const override {
    const Column& texts = columns[0];
    const std::uint32_t rows = texts.row_count();
    NgramReader reader(weights_.shape);
    std::vector<float> answers(rows);
    for (std::uint32_t row = 0; row < rows; ++row)
      answers[row] = weights_.probability(reader.read(texts.is_null(row) ? "" : texts.text(row)));
    if (readout_.labels.empty()) {
      const Column scores = make_float64s(std::vector<double>(answers.begin(), answers.end()));
      return Prediction{Batch(signature_.outputs, {&scores, 1}, rows), {}};
    }
    Memory values = Memory::allocate(rows * sizeof(float));
    std::memcpy(values.data(), answers.data(), rows * sizeof(float));
    LEAT_TRY_ASSIGN(const std::vector<Column> read, read_out(std::move(values), rows, 1, readout_));
    return Prediction{Batch(signature_.outputs, read, rows), {}};
  }

 private:
  NgramWeights weights_;
  ReadoutOptions readout_;
  ModelSignature signature_;
};

}  // namespace

Result<ModelPtr> load_ngrams(const ModelFile& file, const ModelOptions& options) {
  LEAT_TRY_ASSIGN(NgramWeights weights, read_ngrams(file.path()));
  if (!options.readout.labels.empty() && options.readout.labels.size() != 2)
    return fail(Code::model_mismatch,
                "it knows one probability: `labels` are two, of what it is against and for", file.path());
  return std::make_shared<const NgramModel>(file.identity, std::move(weights), options.readout);
}

}  // namespace leat
