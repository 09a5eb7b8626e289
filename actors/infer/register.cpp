#include "infer/register.hpp"

#include "infer/language.hpp"
#include "infer/text.hpp"

namespace leat {

void register_infer_actors(Registry& registry) {
  register_infer_language(registry);
  register_infer_text(registry);
}

}  // namespace leat
