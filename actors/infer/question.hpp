#pragma once

#include "infer/infer_options.hpp"

namespace leat {

/// What a model reads of some rows.
struct Question {
  Batch rows;  ///< those that the model can be asked about
  std::vector<Column> columns;
  std::vector<std::uint32_t> absent;      ///< of them, those whose answer is null, ascending
  std::vector<std::uint32_t> kept;        ///< their places among the rows as they came; empty: all are there
  std::vector<Evaluated::Failed> failed;  ///< of the rows as they came, ascending

  std::uint32_t place(std::uint32_t row) const { return kept.empty() ? row : kept[row]; }
  /// Some of the rows, in the order given.
  Question take(std::span<const std::uint32_t> some) const;
};

/// Evaluates the mapping. Any thread.
Question make_question(const ModelColumns& inputs, NullInput on_null, const Batch& rows);

}  // namespace leat
