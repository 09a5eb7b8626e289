#include "infer/engines.hpp"

#include <fmt/format.h>

#include <leat/batch_builder.hpp>

#include "infer/ngram/ngram_model.hpp"
#include "infer/onnx_model.hpp"
#include "infer/xgboost_model.hpp"

namespace leat {

Result<ModelPtr> load_model(const ModelFile& file, const ModelOptions& options) {
  if (file.identity.engine == "lexicon") return load_lexicon(file, options.lexicon);
  if (file.identity.engine == "onnx") return load_onnx(file, options);
  if (file.identity.engine == "xgboost") return load_xgboost(file, options);
  if (file.identity.engine == "ngram") return load_ngrams(file, options);
  return fail(Code::internal, fmt::format("no engine `{}`", file.identity.engine));
}

void warm(const Model& model) {
  std::vector<Column> columns;
  std::vector<std::uint32_t> counts;
  for (const ModelInput& input : model.signature().inputs) {
    BatchBuilder row(Schema::make({{"value", input.type}}));
    if (input.type == Type::float64)
      row.add(0.0);
    else if (input.type == Type::int64)
      row.add(0);
    else if (input.type == Type::boolean)
      row.add(false);
    else
      row.add("");
    counts.push_back(std::max(input.width, 1u));
    columns.insert(columns.end(), counts.back(), row.finish().column(0));
  }
  static_cast<void>(model.predict(columns, counts));
}

}  // namespace leat
