#pragma once

#include "infer/answers.hpp"
#include "infer/model_slot.hpp"
#include "infer/null_input.hpp"

namespace leat {

/// A model in this process that answers rows which the actor's own engine could not. Its answers have the
/// same names and types.
struct Fallback {
  std::shared_ptr<ModelSlot> model;
  Duration watch{};  ///< how often its folder is looked into; 0: a version was named
  ModelColumns inputs;
  Answers answers;
  std::vector<std::size_t> order;  ///< of its answers' columns, to stand as the engine's do
  NullInput on_null = NullInput::reject;
};

/// `otherwise`: what becomes of rows without an answer.
struct Otherwise {
  bool port = false;                       ///< they go out of the `otherwise` port as they came ...
  std::shared_ptr<const Fallback> engine;  ///< ... or are asked again here; null: they go to `errors`

  bool given() const { return port || engine != nullptr; }
  /// For one instance; none without an engine.
  std::optional<SlotView> view() const {
    return engine == nullptr ? std::nullopt
                             : std::optional<SlotView>(std::in_place, engine->model, engine->watch);
  }
};

}  // namespace leat
