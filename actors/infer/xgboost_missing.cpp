#include "infer/xgboost_library.hpp"

// Takes the place of xgboost_library.cpp where the build has not found XGBoost's header.

namespace leat {
namespace {

Failure missing() {
  return fail(Code::feature_missing,
              "this Leat was built without XGBoost; run `scripts/bootstrap`, configure and build again");
}

}  // namespace

Result<std::unique_ptr<Booster>> open_booster(const std::string&) {
  return missing();
}
Result<std::unique_ptr<Booster>> new_booster(DenseRows, std::span<const float>,
                                             std::span<const std::string>) {
  return missing();
}
Result<std::string> xgboost_version() {
  return missing();
}

}  // namespace leat
