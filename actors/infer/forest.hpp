#pragma once

#include "infer/onnx_writer.hpp"

namespace leat {

class Booster;

/// A forest of XGBoost as an ONNX graph: ai.onnx.ml's TreeEnsembleRegressor, then what the objective does to
/// its sums. One input `features` float32[?,N]; output `score` float32[?,1], or `probabilities`
/// float32[?,classes]. Fails on boosters that are no trees (gblinear), on dart, categories, and objectives
/// without such a form.
Result<OnnxWriter> export_forest(const Booster& booster);

}  // namespace leat
