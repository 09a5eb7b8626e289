#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <leat/codec.hpp>
#include <sstream>

#include "infer/onnx_model.hpp"
#include "infer/word_piece.hpp"

namespace leat {
namespace {

/// What a model folder's JSON files say; nothing where they are silent or missing.
struct TextConfig {
  std::vector<std::string> labels;
  bool independent = false;  // several labels may hold at once
  std::optional<std::int64_t> positions;
  std::optional<bool> lower_case;
};

/// The file's one object as a row of these fields; without rows when there is no such file.
Result<Batch> read_json(const std::filesystem::path& path, const SchemaPtr& schema) {
  BatchBuilder rows(schema);
  std::ifstream file(path);
  if (!file) return rows.finish();
  std::ostringstream text;
  text << file.rdbuf();
  if (Status read = JsonRows(schema).read_copy(text.str(), rows); !read)
    return fail(Code::model_failed, read.error().message, path.string());
  return rows.finish();
}

/// `labels["0"]`, `labels["1"]` and so on, as long as there are any.
std::vector<std::string> read_labels(const Batch& config) {
  std::vector<std::string> labels;
  while (true) {
    Expression label(fmt::format("string(id2label[\"{}\"])", labels.size()));
    if (label.bind(config.schema(), Type::string)) return labels;
    const Evaluated value = label.evaluate(config);
    if (!value.failed.empty() || value.values.is_null(0)) return labels;
    labels.emplace_back(value.values.text(0));
  }
}

Result<TextConfig> read_config(const std::string& folder) {
  static const SchemaPtr model = Schema::make({{"id2label", Type::any, true},
                                               {"problem_type", Type::string, true},
                                               {"max_position_embeddings", Type::int64, true}});
  static const SchemaPtr tokenizer = Schema::make({{"do_lower_case", Type::boolean, true}});
  TextConfig made;
  LEAT_TRY_ASSIGN(const Batch config, read_json(std::filesystem::path(folder) / "config.json", model));
  if (!config.empty()) {
    if (!config.column(0).is_null(0)) made.labels = read_labels(config);
    made.independent =
        !config.column(1).is_null(0) && config.column(1).text(0) == "multi_label_classification";
    if (!config.column(2).is_null(0)) made.positions = config.column(2).int64(0);
  }
  LEAT_TRY_ASSIGN(const Batch words,
                  read_json(std::filesystem::path(folder) / "tokenizer_config.json", tokenizer));
  if (!words.empty() && !words.column(0).is_null(0)) made.lower_case = words.column(0).boolean(0);
  return made;
}

/// A BERT-like model: one text per row becomes token ids, attention mask and token types, padded to the
/// longest of the call.
class OnnxTextModel final : public Model {
 public:
  enum class Role : std::uint8_t { ids, mask, types };

  OnnxTextModel(ModelIdentity identity, std::shared_ptr<const OnnxSession> session, OnnxOutputs outputs,
                WordPiece pieces, std::vector<Role> roles)
      : Model(std::move(identity)),
        session_(std::move(session)),
        outputs_(std::move(outputs)),
        pieces_(std::move(pieces)),
        roles_(std::move(roles)) {
    signature_.inputs = {{"text", Type::string, 1, "a text", {}}};
    signature_.outputs = outputs_.schema();
    signature_.batch_rows = 32;  // batches bring a transformer on a CPU next to nothing, and padding costs
  }

  const ModelSignature& signature() const override { return signature_; }

  Result<Prediction> predict(std::span<const Column> columns, std::span<const std::uint32_t>) const override {
    const Column& texts = columns[0];
    const std::uint32_t rows = texts.row_count();
    std::vector<std::int64_t> ids;
    std::vector<std::size_t> ends{0};
    std::size_t width = 0;
    for (std::uint32_t row = 0; row < rows; ++row) {
      pieces_.encode(texts.is_null(row) ? std::string_view() : texts.text(row), ids);
      ends.push_back(ids.size());
      width = std::max(width, ends[row + 1] - ends[row]);
    }
    std::vector<Tensor> tensors;
    for (std::size_t input = 0; input < roles_.size(); ++input)
      tensors.push_back(pad(roles_[input], session_->inputs()[input].element, ids, ends, width));
    LEAT_TRY_ASSIGN(std::vector<Tensor> answers, session_->run(tensors, outputs_.wanted()));
    LEAT_TRY_ASSIGN(Batch outputs, outputs_.read(answers, rows));
    return Prediction{std::move(outputs), {}};
  }

 private:
  template <class Integer>
  void pad(Role role, std::span<const std::int64_t> ids, std::span<const std::size_t> ends, std::size_t width,
           Integer* to) const {
    const Integer padding = role == Role::ids ? static_cast<Integer>(pieces_.padding()) : Integer{0};
    std::fill_n(to, (ends.size() - 1) * width, padding);
    if (role == Role::types) return;
    for (std::size_t row = 0; row + 1 < ends.size(); ++row)
      for (std::size_t at = ends[row]; at < ends[row + 1]; ++at)
        to[row * width + at - ends[row]] = role == Role::ids ? static_cast<Integer>(ids[at]) : Integer{1};
  }

  Tensor pad(Role role, Element element, std::span<const std::int64_t> ids, std::span<const std::size_t> ends,
             std::size_t width) const {
    const std::size_t rows = ends.size() - 1;
    Tensor tensor{element, {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(width)}, {}, {}};
    tensor.values = Memory::allocate(rows * width * element_size(element));
    if (element == Element::int32)
      pad(role, ids, ends, width, reinterpret_cast<std::int32_t*>(tensor.values.data()));
    else
      pad(role, ids, ends, width, reinterpret_cast<std::int64_t*>(tensor.values.data()));
    return tensor;
  }

  std::shared_ptr<const OnnxSession> session_;
  OnnxOutputs outputs_;
  WordPiece pieces_;
  std::vector<Role> roles_;
  ModelSignature signature_;
};

Result<std::vector<OnnxTextModel::Role>> roles_of(const OnnxSession& session) {
  using Role = OnnxTextModel::Role;
  std::vector<Role> roles;
  for (const TensorType& input : session.inputs()) {
    Role role = Role::types;
    if (input.name == "input_ids") role = Role::ids;
    if (input.name == "attention_mask") role = Role::mask;
    const bool known = role != Role::types || input.name == "token_type_ids";
    const bool integers = input.element == Element::int64 || input.element == Element::int32;
    const bool free = input.shape.size() == 2 && input.shape[0] < 0 && input.shape[1] < 0;
    if (!known || !integers || !free)
      return fail(
          Code::model_mismatch,
          fmt::format(
              "a vocab.txt lies beside this model, so it should read texts; its input `{}` {} is none "
              "of input_ids, attention_mask and token_type_ids, int64[?,?]",
              input.name, input.text()));
    roles.push_back(role);
  }
  if (std::ranges::find(roles, Role::ids) == roles.end())
    return fail(Code::model_mismatch, "the model has no input `input_ids`");
  return roles;
}

}  // namespace

Result<ModelPtr> load_onnx_text(const ModelFile& file, std::shared_ptr<const OnnxSession> session,
                                const ModelOptions& options) {
  const auto at_file = [&](Error error) { return fail(error.code, std::move(error.message), file.path()); };
  LEAT_TRY_ASSIGN(const TextConfig config, read_config(file.folder()));
  auto roles = roles_of(*session);
  if (!roles) return at_file(std::move(roles).error());
  const std::int64_t positions = std::clamp<std::int64_t>(config.positions.value_or(512), 3, 1 << 20);
  const auto tokens = std::min(options.tokens.value_or(512), static_cast<std::uint32_t>(positions));
  LEAT_TRY_ASSIGN(WordPiece pieces,
                  WordPiece::load((std::filesystem::path(file.folder()) / "vocab.txt").string(),
                                  {config.lower_case.value_or(true), tokens}));
  ReadoutOptions readout = options.readout;
  if (readout.labels.empty()) readout.labels = config.labels;
  if (readout.activation == Activation::automatic)
    readout.activation = config.independent ? Activation::sigmoid : Activation::softmax;
  Result<OnnxOutputs> outputs = OnnxOutputs::make(session->outputs(), std::move(readout));
  if (!outputs) return at_file(std::move(outputs).error());
  return std::make_shared<const OnnxTextModel>(file.identity, std::move(session), *std::move(outputs),
                                               std::move(pieces), *std::move(roles));
}

}  // namespace leat
