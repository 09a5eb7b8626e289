#pragma once

namespace leat {

class Registry;
void register_ingest_actors(Registry& registry);

}  // namespace leat
