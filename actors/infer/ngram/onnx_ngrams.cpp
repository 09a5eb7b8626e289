#include "infer/ngram/onnx_ngrams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <leat/codec.hpp>
#include <sstream>

namespace leat {
namespace {

constexpr std::uint32_t kBatchRows = 256;

Result<NgramShape> read_shape(const std::string& path) {
  static const SchemaPtr schema = Schema::make({{"buckets", Type::int64},
                                                {"words_max", Type::int64},
                                                {"characters_min", Type::int64},
                                                {"characters_max", Type::int64}});
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  BatchBuilder rows(schema);
  if (Status read = JsonRows(schema).read_copy(text.str(), rows); !read)
    return fail(Code::model_failed, read.error().message, path);
  const Batch row = rows.finish();
  std::uint32_t values[4];
  for (std::size_t at = 0; at < 4; ++at)
    values[at] = static_cast<std::uint32_t>(std::clamp<std::int64_t>(row.column(at).int64(0), 0, UINT32_MAX));
  const NgramShape shape{values[0], values[1], values[2], values[3]};
  if (!sound(shape)) return fail(Code::model_failed, "no n-grams are of this shape", path);
  return shape;
}

/// One text per row becomes its numbers, filled up to the most of the call.
class OnnxNgramModel final : public Model {
 public:
  OnnxNgramModel(ModelIdentity identity, std::shared_ptr<const OnnxSession> session, OnnxOutputs outputs,
                 const NgramShape& shape)
      : Model(std::move(identity)),
        session_(std::move(session)),
        outputs_(std::move(outputs)),
        shape_(shape) {
    signature_.inputs = {{"text", Type::string, 1, "a text", {}}};
    signature_.outputs = outputs_.schema();
    signature_.batch_rows = kBatchRows;
  }

  const ModelSignature& signature() const override { return signature_; }

  Result<Prediction> predict(std::span<const Column> columns, std::span<const std::uint32_t>) const override {
    const std::uint32_t rows = columns[0].row_count();
    const Tensor ngrams = read(columns[0]);
    LEAT_TRY_ASSIGN(std::vector<Tensor> answers, session_->run({&ngrams, 1}, outputs_.wanted()));
    LEAT_TRY_ASSIGN(Batch outputs, outputs_.read(answers, rows));
    return Prediction{std::move(outputs), {}};
  }

 private:
  Tensor read(const Column& texts) const {
    NgramReader reader(shape_);
    std::vector<std::uint32_t> numbers;
    std::vector<std::size_t> ends{0};
    std::size_t width = 1;
    for (std::uint32_t row = 0; row < texts.row_count(); ++row) {
      const auto& one = reader.read(texts.is_null(row) ? "" : texts.text(row));
      numbers.insert(numbers.end(), one.begin(), one.end());
      ends.push_back(numbers.size());
      width = std::max(width, one.size());
    }
    const std::size_t rows = texts.row_count();
    Tensor tensor{
        Element::int64, {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(width)}, {}, {}};
    tensor.values = Memory::allocate(rows * width * sizeof(std::int64_t));
    auto* values = reinterpret_cast<std::int64_t*>(tensor.values.data());
    std::fill_n(values, rows * width, std::int64_t{shape_.buckets});
    for (std::size_t row = 0; row < rows; ++row)
      std::copy(numbers.begin() + static_cast<std::ptrdiff_t>(ends[row]),
                numbers.begin() + static_cast<std::ptrdiff_t>(ends[row + 1]), values + row * width);
    return tensor;
  }

  std::shared_ptr<const OnnxSession> session_;
  OnnxOutputs outputs_;
  NgramShape shape_;
  ModelSignature signature_;
};

bool reads_ngrams(const OnnxSession& session) {
  if (session.inputs().size() != 1) return false;
  const TensorType& input = session.inputs()[0];
  return input.element == Element::int64 && input.shape.size() == 2 && input.shape[0] < 0 &&
         input.shape[1] < 0;
}

}  // namespace

std::string ngram_shape_file(const std::string& onnx_file) {
  return std::filesystem::path(onnx_file).replace_extension(".ngrams.json").string();
}

Status write_ngram_shape(const NgramShape& shape, const std::string& onnx_file) {
  const std::string path = ngram_shape_file(onnx_file);
  std::ofstream file(path, std::ios::trunc);
  file << fmt::format("{{\"buckets\":{},\"words_max\":{},\"characters_min\":{},\"characters_max\":{}}}\n",
                      shape.buckets, shape.words_max, shape.characters_min, shape.characters_max);
  file.close();
  if (!file) return fail(Code::storage_failed, "it can't be written", path);
  return {};
}

Result<ModelPtr> load_onnx_ngrams(const ModelFile& file, std::shared_ptr<const OnnxSession> session,
                                  const ModelOptions& options) {
  LEAT_TRY_ASSIGN(const NgramShape shape, read_shape(ngram_shape_file(file.path())));
  if (!reads_ngrams(*session))
    return fail(Code::model_mismatch,
                "a .ngrams.json lies beside this model, so its one input should be int64[?,?]", file.path());
  Result<OnnxOutputs> outputs = OnnxOutputs::make(session->outputs(), options.readout);
  if (!outputs) return fail(outputs.error().code, outputs.error().message, file.path());
  return std::make_shared<const OnnxNgramModel>(file.identity, std::move(session), *std::move(outputs),
                                                shape);
}

}  // namespace leat
