#pragma once

#include "infer/infer_options.hpp"
#include "infer/selection/canary.hpp"
#include "infer/selection/outlet.hpp"
#include "infer/selection/shadow_run.hpp"

namespace leat {

/// Who else is asked, and what of: what describe makes of `otherwise`, `shadow` and `canary`. Shared by the
/// instances.
struct Selection {
  Otherwise otherwise;
  std::vector<ShadowModel> shadows;
  std::shared_ptr<Canary> canary;  ///< null: none
  Expression canary_key;
};

/// Opens the models of `otherwise`, and lets the fields be null that it may leave so. False after telling
/// why.
bool describe_otherwise(const InferConfig& config, const Answers& answers, std::vector<Field>& fields,
                        Otherwise& otherwise, Describe& describe);
bool describe_shadows(const InferConfig& config, const SchemaPtr& outputs, std::vector<ShadowModel>& shadows,
                      Describe& describe);
/// `current`: the model that answers the other rows.
bool describe_canary(const InferConfig& config, const ModelPtr& current, Selection& selection,
                     Describe& describe);

}  // namespace leat
