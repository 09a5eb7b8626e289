#include "infer/onnx_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "infer/ngram/onnx_ngrams.hpp"

namespace leat {
namespace {

/// Numbers (or texts as they are) in, whatever comes out.
class OnnxModel final : public Model {
 public:
  OnnxModel(ModelIdentity identity, std::shared_ptr<const OnnxSession> session, OnnxOutputs outputs,
            std::vector<ModelInput> inputs)
      : Model(std::move(identity)), session_(std::move(session)), outputs_(std::move(outputs)) {
    signature_.inputs = std::move(inputs);
    signature_.outputs = outputs_.schema();
    for (const TensorType& input : session_->inputs()) one_by_one_ = one_by_one_ || input.shape[0] == 1;
  }

  const ModelSignature& signature() const override { return signature_; }

  Result<Prediction> predict(std::span<const Column> columns,
                             std::span<const std::uint32_t> counts) const override {
    const std::uint32_t rows = columns[0].row_count();
    if (!one_by_one_ || rows == 1) return ask(columns, counts, rows);
    std::vector<Batch> answers;
    std::vector<Column> one(columns.size());
    for (std::uint32_t row = 0; row < rows; ++row) {
      std::ranges::transform(columns, one.begin(),
                             [&](const Column& column) { return column.slice(row, 1); });
      LEAT_TRY_ASSIGN(Prediction answer, ask(one, counts, 1));
      answers.push_back(std::move(answer.outputs));
    }
    return Prediction{concat(answers), {}};
  }

 private:
  Result<Prediction> ask(std::span<const Column> columns, std::span<const std::uint32_t> counts,
                         std::uint32_t rows) const {
    std::vector<Tensor> tensors;
    for (std::size_t input = 0, at = 0; input < counts.size(); at += counts[input++]) {
      LEAT_TRY_ASSIGN(Tensor tensor,
                      to_tensor(session_->inputs()[input], columns.subspan(at, counts[input]), rows));
      tensors.push_back(std::move(tensor));
    }
    LEAT_TRY_ASSIGN(std::vector<Tensor> answers, session_->run(tensors, outputs_.wanted()));
    LEAT_TRY_ASSIGN(Batch outputs, outputs_.read(answers, rows));
    return Prediction{std::move(outputs), {}};
  }

  std::shared_ptr<const OnnxSession> session_;
  OnnxOutputs outputs_;
  ModelSignature signature_;
  bool one_by_one_ = false;  // exported with a first dimension of 1
};

}  // namespace

Result<OnnxOutputs> OnnxOutputs::make(const std::vector<TensorType>& outputs, ReadoutOptions options) {
  OnnxOutputs made;
  made.types_ = outputs;
  made.options_ = std::move(options);
  std::vector<Field> fields;
  std::string unfit;
  const auto add = [&](std::string name, Type type) {
    while (std::ranges::find(fields, name, &Field::name) != fields.end()) name += "_raw";
    fields.push_back({std::move(name), type});
  };
  for (std::size_t at = 0; at < outputs.size(); ++at) {
    const std::optional<Type> type = column_type(outputs[at]);
    if (!type) {
      unfit += fmt::format("{}`{}` is {}", unfit.empty() ? "" : ", ", outputs[at].name, outputs[at].text());
      continue;
    }
    made.wanted_.push_back(at);
    const bool floats = outputs[at].element <= Element::float64;
    if (!made.options_.labels.empty() && floats && !made.classes_) {
      made.classes_ = made.wanted_.size() - 1;
      for (const Field& field : readout_fields()) add(field.name, field.type);
    } else {
      add(column_name(outputs[at].name), *type);
    }
  }
  if (fields.empty())
    return fail(
        Code::model_mismatch,
        fmt::format("no output has a place in a column: {}; export it with tensors of one value or one list "
                    "per row (zipmap off, in skl2onnx)",
                    unfit));
  if (!made.options_.labels.empty() && !made.classes_)
    return fail(Code::model_mismatch,
                "`labels` name classes, and no output of the model gives floats for them");
  made.schema_ = Schema::make(std::move(fields));
  return made;
}

Result<Batch> OnnxOutputs::read(std::span<Tensor> tensors, std::uint32_t rows) const {
  std::vector<Column> columns;
  for (std::size_t at = 0; at < tensors.size(); ++at) {
    const std::string& name = types_[wanted_[at]].name;
    if (at != classes_) {
      LEAT_TRY_ASSIGN(Column column, to_column(tensors[at], (*schema_)[columns.size()].type, rows, name));
      columns.push_back(std::move(column));
      continue;
    }
    LEAT_TRY_ASSIGN(const Column values, to_column(tensors[at], Type::float32_list, rows, name));
    const auto width = static_cast<std::uint32_t>(values.floats(0).size());
    Memory copy = Memory::allocate(std::size_t{rows} * width * sizeof(float));
    std::memcpy(copy.data(), values.floats(0).data(), std::size_t{rows} * width * sizeof(float));
    LEAT_TRY_ASSIGN(const std::vector<Column> read, read_out(std::move(copy), rows, width, options_));
    columns.insert(columns.end(), read.begin(), read.end());
  }
  return Batch(schema_, columns, rows);
}

Result<ModelPtr> load_onnx(const ModelFile& file, const ModelOptions& options) {
  LEAT_TRY_ASSIGN(auto session, open_onnx(file.path(), options.threads));
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::path(file.folder()) / "vocab.txt", ignored))
    return load_onnx_text(file, std::move(session), options);
  if (std::filesystem::exists(ngram_shape_file(file.path()), ignored))
    return load_onnx_ngrams(file, std::move(session), options);
  const auto at_file = [&](Error error) { return fail(error.code, std::move(error.message), file.path()); };
  std::vector<ModelInput> inputs;
  for (const TensorType& type : session->inputs()) {
    Result<ModelInput> input = input_of(type);
    if (!input) return at_file(std::move(input).error());
    inputs.push_back(*std::move(input));
  }
  if (inputs.empty()) return fail(Code::model_mismatch, "the model reads nothing", file.path());
  Result<OnnxOutputs> outputs = OnnxOutputs::make(session->outputs(), options.readout);
  if (!outputs) return at_file(std::move(outputs).error());
  return std::make_shared<const OnnxModel>(file.identity, std::move(session), *std::move(outputs),
                                           std::move(inputs));
}

}  // namespace leat
