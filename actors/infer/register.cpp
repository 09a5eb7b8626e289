#include "infer/register.hpp"

#include "infer/infer.hpp"
#include "infer/language.hpp"
#include "infer/train.hpp"

namespace leat {

void register_infer_actors(Registry& registry) {
  register_infer_language(registry);
  register_train(registry);
  register_infer(registry);
}

}  // namespace leat
