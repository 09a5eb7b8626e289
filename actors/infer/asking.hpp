#pragma once

#include "infer/model.hpp"

namespace leat {

/// Asks a model, about `call_rows` rows per call, and leaves no row without an outcome: a call that fails as
/// a whole is halved until the rows that make it fail stand alone. Costs two calls per failing row and level,
/// none when nothing fails.
Prediction ask(const Model& model, std::span<const Column> columns, std::span<const std::uint32_t> counts,
               std::uint32_t call_rows);

}  // namespace leat
