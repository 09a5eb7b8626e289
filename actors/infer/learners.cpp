#include <algorithm>

#include "infer/boosters.hpp"
#include "infer/ngram/ngram_learner.hpp"

namespace leat {

std::span<const Learner> learners() {
  static constexpr Learner kAll[] = {
      {.name = "xgboost", .engine = "xgboost", .ready = xgboost_ready, .learn = learn_forest},
      {.name = "linear", .engine = "xgboost", .ready = xgboost_ready, .learn = learn_linear},
      {.name = "ngram",
       .engine = "ngram",
       .texts = true,
       .values = false,
       .ready = ngrams_ready,
       .learn = learn_ngrams},
  };
  return kAll;
}

const Learner* find_learner(std::string_view name) {
  const auto found = std::ranges::find(learners(), name, &Learner::name);
  return found == learners().end() ? nullptr : &*found;
}

}  // namespace leat
