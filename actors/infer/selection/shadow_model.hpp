#pragma once

#include "infer/model_map.hpp"

namespace leat {

/// A model that is asked beside the one that answers.
struct ShadowModel {
  ModelPtr model;
  ModelColumns inputs;
  double tolerance = 0.01;  ///< numbers that differ by no more agree
};

}  // namespace leat
