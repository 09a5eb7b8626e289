#pragma once

#include "infer/answers.hpp"
#include "infer/infer_options.hpp"

namespace leat {

/// What a model reads of some rows.
struct Question {
  Batch rows;
  std::vector<Column> columns;
  std::vector<std::uint32_t> absent;  ///< rows whose answer is null, ascending
};

/// Evaluates the mapping; rows that the model cannot be asked about are rejected and gone.
Question make_question(const ModelColumns& inputs, NullInput on_null, const Batch& rows, Context& ctx);

/// Sends the rows out with what was answered, and rejects those that could not be. `by`: who answered.
void emit_answers(Question asked, Prediction prediction, const Answers& answers, const std::string& by,
                  Context& ctx);

}  // namespace leat
